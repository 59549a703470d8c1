//! The harness for Rust 1.63 and later (edition 2021), on POSIX: functions and classes.
//!
//! The user's code is the crate's root, before all of this, so that line numbers are its
//! own; its first line begins with attributes. The main function is the C library's,
//! because the code may have one of its own. __CALLS__ is generated for the signature by mod.rs.
//! On a line about which the compiler may complain, a comment says what that means.
//!
//! An argument is read into its parameter's type, and the result written from its own.
//! build.rs leaves the comments and the indentation out.

#[allow(unused_imports)]
use judge_given::*;

mod judge_given {
__NODES__
}

mod judge_ {
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io::{Read, Write};
use std::os::raw::{c_int, c_void};
use std::rc::Rc;
use std::sync::Mutex;

extern "C" {
    fn dup(from: c_int) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
    fn pipe(two: *mut c_int) -> c_int;
    fn close(file: c_int) -> c_int;
    fn write(file: c_int, data: *const c_void, size: usize) -> isize;
    fn _exit(code: c_int) -> !;
}

// Why a case has no value: an argument that its parameter cannot take, or a result that
// JSON cannot hold.
pub enum Stop {
    Misfit(String),
    Odd(&'static str),
}
pub type Fine<T> = Result<T, Stop>;

// What is left of a case.
pub struct In<'a>(pub &'a str);
impl<'a> In<'a> {
    pub fn take(&mut self, word: &str) -> bool {
        let rest = self.0.trim_start_matches(' ');
        self.0 = rest.strip_prefix(word).unwrap_or(rest);
        self.0.len() < rest.len()
    }
    pub fn need(&mut self, word: &str) -> Fine<()> {
        if self.take(word) { Ok(()) } else { self.misfit() }
    }
    fn misfit<T>(&self) -> Fine<T> {
        let part: String = self.0.chars().take(40).collect();
        Err(Stop::Misfit(format!("an argument does not fit its parameter, at {}", part)))
    }
    fn number(&mut self) -> &'a str {
        self.take("");
        let end = self.0.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
        let (number, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        number
    }
    // Elements of an array, each read by `item`.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Fine<()>) -> Fine<()> {
        self.need("[")?;
        if self.take("]") { return Ok(()); }
        loop {
            item(self)?;
            if !self.take(",") { return self.need("]"); }
        }
    }
    fn members<T: Get>(&mut self, mut member: impl FnMut(String, T)) -> Fine<()> {
        self.need("{")?;
        if self.take("}") { return Ok(()); }
        loop {
            let key = String::get(self)?;
            self.need(":")?;
            member(key, T::get(self)?);
            if !self.take(",") { return self.need("}"); }
        }
    }
    fn hex(&mut self) -> Fine<u32> {
        let code = self.0.get(..4).and_then(|four| u32::from_str_radix(four, 16).ok());
        match code {
            Some(code) => { self.0 = &self.0[4..]; Ok(code) }
            None => self.misfit(),
        }
    }
}

// A type that a parameter may own.
pub trait Get: Sized {
    fn get(from: &mut In) -> Fine<Self>;
    // What is read after a call instead of the variable itself, if that is another.
    fn keep(&self) -> Option<Self> { None }
}
// A type whose values can be returned.
pub trait Put {
    fn put(&self, out: &mut String) -> Fine<()>;
}

macro_rules! whole { ($($ty:ty)*) => { $(
    impl Get for $ty {
        fn get(from: &mut In) -> Fine<Self> {
            let before = from.0;
            from.number().parse().or_else(|_| In(before).misfit())
        }
    }
    impl Put for $ty {
        fn put(&self, out: &mut String) -> Fine<()> {
            if *self > 0 && *self as u128 > i64::MAX as u128 { return Err(Stop::Odd("a whole number beyond 64 bits")); }
            *out += &self.to_string();
            Ok(())
        }
    }
)* } }
whole!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! float { ($($ty:ty)*) => { $(
    impl Get for $ty {
        fn get(from: &mut In) -> Fine<Self> {
            let before = from.0;
            from.number().parse().or_else(|_| In(before).misfit())
        }
    }
    impl Put for $ty {
        fn put(&self, out: &mut String) -> Fine<()> {
            let number = *self as f64;
            if number.is_finite() {
                *out += &format!("{:?}", self);
            } else {
                *out += if number.is_nan() { "NaN" } else if number > 0.0 { "Infinity" } else { "-Infinity" };
            }
            Ok(())
        }
    }
)* } }
float!(f32 f64);

impl Get for bool {
    fn get(from: &mut In) -> Fine<Self> {
        if from.take("true") { return Ok(true); }
        from.need("false").map(|_| false)
    }
}
impl Put for bool {
    fn put(&self, out: &mut String) -> Fine<()> {
        *out += if *self { "true" } else { "false" };
        Ok(())
    }
}

impl Get for String {
    fn get(from: &mut In) -> Fine<Self> {
        from.need("\"")?;
        let mut text = String::new();
        loop {
            let end = match from.0.find(|c| c == '"' || c == '\\') { Some(end) => end, None => return from.misfit() };
            text += &from.0[..end];
            let escaped = from.0.as_bytes()[end] == b'\\';
            from.0 = &from.0[end + 1..];
            if !escaped { return Ok(text); }
            let letter = match from.0.chars().next() { Some(letter) => letter, None => return from.misfit() };
            from.0 = &from.0[letter.len_utf8()..];
            text.push(match letter {
                'u' => {
                    let mut code = from.hex()?;
                    if code >> 10 == 0x36 && from.take("\\u") { code = 0x10000 + ((code & 1023) << 10) + (from.hex()? & 1023); }
                    match char::from_u32(code) { Some(letter) => letter, None => return from.misfit() }
                }
                'b' => '\x08',
                'f' => '\x0c',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            });
        }
    }
}
impl Put for str {
    fn put(&self, out: &mut String) -> Fine<()> {
        quote(out, self);
        Ok(())
    }
}
impl Put for String {
    fn put(&self, out: &mut String) -> Fine<()> { self.as_str().put(out) }
}
impl Get for char {
    fn get(from: &mut In) -> Fine<Self> {
        let before = from.0;
        let text = String::get(from)?;
        let mut letters = text.chars();
        match (letters.next(), letters.next()) { (Some(letter), None) => Ok(letter), _ => In(before).misfit() }
    }
}
impl Put for char {
    fn put(&self, out: &mut String) -> Fine<()> { self.to_string().put(out) }
}

impl<T: Get> Get for Vec<T> {
    fn get(from: &mut In) -> Fine<Self> {
        let mut all = Vec::new();
        from.list(|from| { all.push(T::get(from)?); Ok(()) })?;
        Ok(all)
    }
}
impl<T: Put> Put for [T] {
    fn put(&self, out: &mut String) -> Fine<()> { array(out, self) }
}
impl<T: Put> Put for Vec<T> {
    fn put(&self, out: &mut String) -> Fine<()> { array(out, self) }
}
impl<T: Put> Put for VecDeque<T> {
    fn put(&self, out: &mut String) -> Fine<()> { array(out, self) }
}
impl<T: Put, const N: usize> Put for [T; N] {
    fn put(&self, out: &mut String) -> Fine<()> { array(out, self) }
}
impl<T: Put + ?Sized> Put for &T {
    fn put(&self, out: &mut String) -> Fine<()> { (**self).put(out) }
}
fn array<'a, T: Put + 'a>(out: &mut String, items: impl IntoIterator<Item = &'a T>) -> Fine<()> {
    out.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 { out.push(','); }
        item.put(out)?;
    }
    out.push(']');
    Ok(())
}
fn object<'a, T: Put + 'a>(out: &mut String, members: impl IntoIterator<Item = (&'a String, &'a T)>) -> Fine<()> {
    out.push('{');
    for (at, (key, item)) in members.into_iter().enumerate() {
        if at > 0 { out.push(','); }
        key.put(out)?;
        out.push(':');
        item.put(out)?;
    }
    out.push('}');
    Ok(())
}
macro_rules! map { ($ty:ident) => {
    impl<T: Get> Get for $ty<String, T> {
        fn get(from: &mut In) -> Fine<Self> {
            let mut map = $ty::new();
            from.members(|key, value| { map.insert(key, value); })?;
            Ok(map)
        }
    }
    impl<T: Put> Put for $ty<String, T> {
        fn put(&self, out: &mut String) -> Fine<()> { object(out, self) }
    }
} }
map!(HashMap);
map!(BTreeMap);
__NODE_TYPES__

pub fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => { out.push('\\'); out.push(c); }
            '\0'..='\x1f' => *out += &format!("\\u{:04x}", c as u32),
            _ => out.push(c),
        }
    }
    out.push('"');
}

