//! Part 2: arguments, calls and frames.

// A type that a parameter may have: one that it owns, or a reference to one. `own` is
// the harness's, and read after the call.
pub trait Arg {
    type Own: Get;
    // Whether the call takes the value itself, of which nothing is left then.
    const TAKES: bool = false;
    unsafe fn lend(own: *mut Self::Own) -> Self;
}
macro_rules! own { ($([$($of:tt)*] $ty:ty;)*) => { $(
    impl<$($of)*> Arg for $ty {
        type Own = Self;
        const TAKES: bool = true;
        unsafe fn lend(own: *mut Self) -> Self { std::ptr::read(own) }
    }
)* } }
own! {
    [] i8; [] i16; [] i32; [] i64; [] i128; [] isize; [] u8; [] u16; [] u32; [] u64; [] u128; [] usize;
    [] f32; [] f64; [] bool; [] char; [] String; [T: Get] Vec<T>; [T: Get] HashMap<String, T>; [T: Get] BTreeMap<String, T>;
__NODE_ARGS__
}
impl<'a, T: Get> Arg for &'a mut T {
    type Own = T;
    unsafe fn lend(own: *mut T) -> Self { &mut *own }
}
impl<'a, T: Get> Arg for &'a mut [T] {
    type Own = Vec<T>;
    unsafe fn lend(own: *mut Vec<T>) -> Self { &mut *own }
}
impl<'a, T: View + ?Sized> Arg for &'a T {
    type Own = T::Own;
    unsafe fn lend(own: *mut T::Own) -> Self { T::view(own) }
}
pub trait View {
    type Own: Get;
    unsafe fn view<'a>(own: *mut Self::Own) -> &'a Self;
}
impl<T: Get> View for T {
    type Own = T;
    unsafe fn view<'a>(own: *mut T) -> &'a T { &*own }
}
impl View for str {
    type Own = String;
    unsafe fn view<'a>(own: *mut String) -> &'a str { &*own }
}
impl<T: Get> View for [T] {
    type Own = Vec<T>;
    unsafe fn view<'a>(own: *mut Vec<T>) -> &'a [T] { &*own }
}
// The object of a method.
pub trait Of<C> {
    unsafe fn of(object: *mut C) -> Self;
}
impl<'a, C> Of<C> for &'a C {
    unsafe fn of(object: *mut C) -> Self { &*object }
}
impl<'a, C> Of<C> for &'a mut C {
    unsafe fn of(object: *mut C) -> Self { &mut *object }
}

// What a result says where it is an answer. A function that returns nothing has none.
pub trait Answer {
    fn answer(&self, out: &mut String, nothing: bool) -> Fine<()>;
}
impl<T: Put> Answer for T {
    fn answer(&self, out: &mut String, _: bool) -> Fine<()> { self.put(out) }
}
impl Answer for () {
    fn answer(&self, out: &mut String, nothing: bool) -> Fine<()> {
        if !nothing { return Err(Stop::Odd("nothing: the function returned no value, and printing one does not return it")); }
        *out += "null";
        Ok(())
    }
}

// One argument after the call: of one that the call took, what it was.
pub fn after<'a, A: Arg>(own: *mut A::Own, kept: Option<A::Own>, text: &'a str, out: &mut String) -> Fine<()> where A::Own: Put {
    match kept {
        Some(kept) => kept.put(out),
        None if A::TAKES => A::Own::get(&mut In(text))?.put(out),
        None => unsafe { &*own }.put(out),
    }
}

// The next argument of a call.
pub fn next<T: Get>(from: &mut In, first: &mut bool) -> Fine<*mut T> {
    if !*first { from.need(",")?; }
    *first = false;
    Ok(Box::into_raw(Box::new(T::get(from)?)))
}

// The answers of one case of a class, and which call is made.
pub struct Calls {
    pub answers: Vec<String>,
    pub number: i64,
}

static PANIC: Mutex<Option<String>> = Mutex::new(None);
static mut OUT: c_int = 1;
fn frame(nonce: &str, index: &str, text: &str) {
    let all = format!("\x1e{} {} {}\n", nonce, index, text);
    let mut rest = all.as_bytes();
    while !rest.is_empty() {
        let size = unsafe { write(OUT, rest.as_ptr() as *const c_void, rest.len()) };
        if size <= 0 { unsafe { _exit(1) } }
        rest = &rest[size as usize..];
    }
}
fn trouble(text: &str, call: i64) -> String {
    let mut end = text.len().min(1900);
    while !text.is_char_boundary(end) { end -= 1; }
    let mut out = String::from("!{\"kind\":\"error\",\"text\":");
    quote(&mut out, &text[..end]);
    close_with(out, call)
}
fn close_with(mut out: String, call: i64) -> String {
    if call >= 0 { out += &format!(",\"call\":{}", call); }
    out + "}"
}

// The calls of a case. The arguments of a call whose references are not -1 are put in
// their places.
pub fn calls(from: &mut In, calls: &mut Calls, progress: &dyn Fn(i64), out: &mut String, one: &mut dyn FnMut(i64, i64, &mut In) -> Fine<String>) -> Fine<()> {
    from.need("[")?;
    loop {
        calls.number += 1;
        progress(calls.number);
        from.need("[")?;
        let object = i64::get(from)?;
        from.need(",")?;
        let method = i64::get(from)?;
        from.need(",")?;
        let refs = Vec::<i64>::get(from)?;
        let answer = if refs.iter().all(|&of| of < 0) {
            let answer = one(object, method, from)?;
            from.need("]")?;
            answer
        } else {
            let mut text = String::new();
            for &of in &refs {
                from.need(",")?;
                text.push(',');
                let value = skip(from);
                text += if of < 0 { value } else { &calls.answers[of as usize] };
            }
            from.need("]")?;
            one(object, method, &mut In(&text))?
        };
        calls.answers.push(answer);
        if !from.take(",") { break; }
    }
    *out += &format!("[{}]", calls.answers.join(","));
    Ok(())
}
// The text of the next value.
fn skip<'a>(from: &mut In<'a>) -> &'a str {
    from.take("");
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let whole = from.0;
    let end = whole.bytes().position(|c| {
        if quoted {
            quoted = escaped || c != b'"';
            escaped = !escaped && c == b'\\';
            return false;
        }
        quoted = c == b'"';
        if depth == 0 && (c == b',' || c == b']') { return true; }
        if c == b'[' || c == b'{' { depth += 1; }
        if c == b']' || c == b'}' { depth -= 1; }
        false
    });
    let (value, rest) = whole.split_at(end.unwrap_or(whole.len()));
    from.0 = rest;
    value
}

// How many elements an array has, which is not empty.
fn many(text: &str) -> usize {
    let mut from = In(text);
    let mut count = 0;
    while from.take("[") && count == 0 || from.take(",") {
        skip(&mut from);
        count += 1;
    }
    count
}

pub fn main(one: fn(&mut In, &mut String, &mut Calls, &dyn Fn(i64)) -> Fine<()>, class: bool) -> c_int {
    // Recursion needs a stack; only what is used of it takes memory.
    let mut run = None;
    for mib in [1024, 512, 256, 128, 64, 8] {
        let thread = std::thread::Builder::new().name("main".into()).stack_size(mib << 20);
        run = thread.spawn(move || all(one, class)).ok();
        if run.is_some() { break; }
    }
    if let Some(run) = run { let _ = run.join(); }
    unsafe { _exit(1) }
}
fn all(one: fn(&mut In, &mut String, &mut Calls, &dyn Fn(i64)) -> Fine<()>, class: bool) {
    let mut input = String::new();
    let _ = std::io::stdin().read_to_string(&mut input);
    // What the user prints goes to standard error; standard input is at its end.
    unsafe {
        OUT = dup(1);
        dup2(2, 1);
        let mut two = [0; 2];
        if pipe(two.as_mut_ptr()) == 0 {
            dup2(two[0], 0);
            close(two[0]);
            close(two[1]);
        }
    }
    let first = __PREFIX__;
    std::panic::set_hook(Box::new(move |info| {
        let text = match (info.payload().downcast_ref::<&str>(), info.payload().downcast_ref::<String>()) {
            (Some(text), _) => text.to_string(),
            (_, Some(text)) => text.clone(),
            _ => "a panic whose payload is no text".into(),
        };
        let place = match info.location() {
            Some(at) if at.file().ends_with("main.rs") => {
                let column = if at.line() == 1 { at.column().saturating_sub(first) } else { at.column() };
                format!("panicked at main.rs:{}:{}:\n", at.line(), column)
            }
            _ => "panicked:\n".into(),
        };
        if let Ok(mut last) = PANIC.lock() { *last = Some(place + &text); }
    }));
    let mut lines = input.lines();
    let nonce = lines.next().unwrap_or("");
    let cases: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(' ')).collect();
    for (index, text) in &cases {
        let mut calls = Calls { answers: Vec::new(), number: -1 };
        let mut out = String::from("=");
        let announced = class && cases.len() == 1 && many(text) <= 1000;
        let progress = |number: i64| {
            if announced { frame(nonce, index, &format!(">{}", number)); }
        };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| one(&mut In(text), &mut out, &mut calls, &progress)));
        let said = match done {
            Ok(Ok(())) => out,
            Ok(Err(Stop::Misfit(text))) => trouble(&text, calls.number),
            Ok(Err(Stop::Odd(why))) => {
                let mut text = String::new();
                quote(&mut text, why);
                if class { close_with(format!("?{{\"text\":{}", text), calls.number) } else { format!("?{}", text) }
            }
            Err(_) => trouble(PANIC.lock().ok().and_then(|mut last| last.take()).as_deref().unwrap_or("panicked"), calls.number),
        };
        frame(nonce, index, &said);
    }
    let _ = std::io::stdout().flush();
    unsafe { _exit(0) }
}
}

mod judge_calls {
use crate::judge_::*;
__CALLS__
#[no_mangle]
pub extern "C" fn main() -> std::os::raw::c_int { crate::judge_::main(one, CLASS) }
}
