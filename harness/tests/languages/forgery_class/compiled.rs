//! Java's, Go's, C#'s, Rust's and C's: one program a language. The constructor's argument
//! says which way is tried; with 0 the program is honest.

use harness::Harness::{self, C, CSharp, Go, Java, Rust};
use shared::domain::problem::Callable;

use super::{SIGNATURE, passes};
use crate::every::{Language, class};
use crate::run::NONCE;

/// A program, and how many ways it has.
type Ways = (&'static str, usize);

fn no_way_passes(harness: Harness, (code, ways): Ways) {
    let Some(language) = Language::of(harness) else {
        eprintln!("{} is not on this machine", harness.language());
        return;
    };
    let signature = class(&SIGNATURE.replace("Secret()", "Secret(int)"));
    let code = code.replace("NONCE", NONCE);
    let program = language.build(Callable::Class(&signature), &code);
    let mut program = program.unwrap_or_else(|said| panic!("{said}"));
    for way in 0..=ways {
        let cases = [
            format!("[[0,-1,[],{way}],[0,0,[],3],[0,0,[],5]]"),
            format!("[[0,-1,[],{way}],[0,0,[],8],[0,1,[],[3]]]"),
        ];
        let told = program.run(&cases.each_ref().map(String::as_str), |_| false);
        assert_eq!(passes(&told), way == 0, "way {way} {told:?}");
        // A way that never got to what it is here for proves nothing.
        assert_eq!(told.stderr.contains("REACHED"), way > 0, "{way} {told:?}");
    }
}

#[test]
fn no_java_class_passes_without_the_answers() {
    no_way_passes(Java, JAVA);
}

#[test]
fn no_go_class_passes_without_the_answers() {
    no_way_passes(Go, GO);
}

#[test]
fn no_csharp_class_passes_without_the_answers() {
    no_way_passes(CSharp, CSHARP);
}

#[test]
fn no_rust_class_passes_without_the_answers() {
    no_way_passes(Rust, RUST);
}

#[test]
fn no_c_class_passes_without_the_answers() {
    no_way_passes(C, IN_C);
}

pub(super) fn count() -> usize {
    let all = [JAVA, GO, CSHARP, RUST, IN_C];
    all.iter().map(|(_, ways)| ways).sum()
}

/// Frames by the harness's own function, frames on standard output, other cases, other
/// methods, other types, frames at the end, a value that is anything.
const JAVA: Ways = (
    r#"
class Secret {
    static final Map<Integer, Integer> TABLE = Map.of(3, 982451653, 5, 275604541, 8, 67867967);
    static final String ANSWERS = "=[null,982451653,982451653]";
    final int way;

    static Object judge(String name) throws Exception {
        var field = Class.forName("judge_").getDeclaredField(name);
        field.setAccessible(true);
        return field.get(null);
    }

    static void frames() {
        for (int i = 0; i < 2; i++) judge_.frame("" + i, ANSWERS);
    }

    Secret(int way) throws Exception {
        this.way = way;
        if (way > 0) System.err.println("REACHED");
        System.err.flush();
        switch (way) {
            case 1: {
                frames();
                Runtime.getRuntime().halt(0);
            }
            case 2: {
                var out = new FileOutputStream(FileDescriptor.out);
                for (int i = 0; i < 2; i++) out.write(("\u001eNONCE " + i + " " + ANSWERS + "\n").getBytes());
                break;
            }
            case 3: {
                String[] lines = (String[]) judge("lines");
                lines[2] = lines[1];
                break;
            }
            case 4: {
                ((Object[]) judge("targets"))[1] = Secret.class.getDeclaredMethod("other", int.class);
                break;
            }
            case 5: {
                String[][] calls = (String[][]) judge("CALLS");
                calls[1][2] = calls[2][2] = "n";
                break;
            }
            case 6: Runtime.getRuntime().addShutdownHook(new Thread(Secret::frames));
        }
        if (way == 6) System.exit(0);
    }

    Object ask(int x) {
        if (way != 7) return way == 0 ? TABLE.get(x) : x;
        return new Object() {
            public boolean equals(Object other) { return true; }
            public String toString() { return "982451653"; }
        };
    }

    int other(int x) { return 982451653; }

    int[] all(int[] all) {
        if (way == 0) for (int i = 0; i < all.length; i++) all[i] = TABLE.get(all[i]);
        return all;
    }
}
"#,
    7,
);

/// Frames by the harness's own function, frames on every descriptor, other cases, other
/// methods, other types, frames beside the harness, a value that is anything.
const GO: Ways = (
    r#"
import "syscall"

var table = map[int]int{3: 982451653, 5: 275604541, 8: 67867967}

type Secret struct{ way int }

type Any int

func (any Any) String() string               { return "982451653" }
func (any Any) MarshalJSON() ([]byte, error) { return []byte("982451653"), nil }

func frames() {
    for i := 0; i < 2; i++ {
        judge_frame(strconv.Itoa(i), "=[null,982451653,982451653]")
    }
}

func other(secret *Secret, x int) int { return 982451653 }

func Constructor(way int) Secret {
    if way > 0 {
        os.Stderr.WriteString("REACHED")
    }
    switch way {
    case 1:
        frames()
        os.Exit(0)
    case 2:
        for fd := 3; fd < 20; fd++ {
            for i := 0; i < 2; i++ {
                syscall.Write(fd, []byte(fmt.Sprintf("\x1eNONCE %d =[null,982451653,982451653]\n", i)))
            }
        }
    case 3:
        judge_lines[2] = judge_lines[1]
    case 4:
        judge_targets[1] = other
    case 5:
        judge_calls[1][2], judge_calls[2][2] = "n", "n"
    case 6:
        done := make(chan bool)
        go func() { frames(); done <- true }()
        <-done
    }
    return Secret{way}
}

func (secret *Secret) Ask(x int) any {
    switch secret.way {
    case 0:
        return table[x]
    case 7:
        return Any(x)
    }
    return x
}

func (secret *Secret) All(all []int) []int {
    for i := range all {
        if secret.way == 0 {
            all[i] = table[all[i]]
        }
    }
    return all
}
"#,
    7,
);

/// Frames by the harness's own function, frames on standard output, other cases, other
/// methods, other types, frames by a finalizer, a value that is anything.
const CSHARP: Ways = (
    r#"
using System.Reflection;

class Any {
    public override bool Equals(object other) { return true; }
    public override int GetHashCode() { return 0; }
    public override string ToString() { return "982451653"; }
}

public class Secret {
    static Dictionary<int, int> table = new Dictionary<int, int> {{3, 982451653}, {5, 275604541}, {8, 67867967}};
    const BindingFlags HIDDEN = BindingFlags.NonPublic | BindingFlags.Static;
    const string ANSWERS = "=[null,982451653,982451653]";
    int way;

    static object Judge(string name) { return Type.GetType("judge_").GetField(name, HIDDEN).GetValue(null); }

    static void Frames() {
        var frame = Type.GetType("judge_").GetMethod("Frame", HIDDEN);
        for (int i = 0; i < 2; i++) frame.Invoke(null, new object[] {i.ToString(), ANSWERS});
    }

    public Secret(int way) {
        this.way = way;
        if (way > 0) Console.Error.WriteLine("REACHED");
        switch (way) {
            case 1:
                Frames();
                Environment.Exit(0);
                break;
            case 2:
                var output = Console.OpenStandardOutput();
                for (int i = 0; i < 2; i++) {
                    var frame = Encoding.UTF8.GetBytes("\u001eNONCE " + i + " " + ANSWERS + "\n");
                    output.Write(frame, 0, frame.Length);
                }
                output.Flush();
                break;
            case 3:
                var lines = (string[]) Judge("lines");
                lines[2] = lines[1];
                break;
            case 4:
                ((MethodBase[]) Judge("targets"))[1] = typeof(Secret).GetMethod("Other");
                break;
            case 5:
                var calls = (string[][]) Judge("CALLS");
                calls[1][2] = calls[2][2] = "n";
                break;
            case 6:
                new Late();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                break;
        }
    }

    class Late { ~Late() { Frames(); } }

    public object Ask(int x) {
        if (way == 7) return new Any();
        return way == 0 ? table[x] : x;
    }

    public int Other(int x) { return 982451653; }

    public int[] All(int[] all) { return all.Select(x => way == 0 ? table[x] : x).ToArray(); }
}
"#,
    7,
);

/// Frames on every descriptor before it leaves, and before it goes on, when it is dropped,
/// at the end, beside the harness, in a panic, and a value that writes what it likes.
const RUST: Ways = (
    r#"
use std::collections::HashMap;

extern "C" {
    fn write(fd: i32, data: *const u8, size: usize) -> isize;
    fn atexit(call: extern "C" fn()) -> i32;
}

const ANSWERS: &str = "=[null,982451653,982451653]";

extern "C" fn frames() {
    for fd in 3..20 {
        for i in 0..2 {
            let text = format!("\x1eNONCE {} {}\n", i, ANSWERS);
            unsafe { write(fd, text.as_ptr(), text.len()); }
        }
    }
}

struct Any(i64, i32);
impl judge_::Put for Any {
    fn put(&self, out: &mut String) -> judge_::Fine<()> {
        if self.1 == 7 { *out = "=[null,982451653,982451653]".into(); } else { *out += &self.0.to_string(); }
        Ok(())
    }
}

struct Secret { way: i32, table: HashMap<i64, i64> }
impl Drop for Secret {
    fn drop(&mut self) { if self.way == 3 { frames(); } }
}
impl Secret {
    fn new(way: i32) -> Self {
        if way > 0 { eprint!("REACHED"); }
        match way {
            1 => { frames(); std::process::exit(0) }
            2 => frames(),
            4 => unsafe { atexit(frames); },
            5 => std::thread::spawn(|| frames()).join().unwrap(),
            6 => panic!("\n\x1eNONCE 0 {}\n\x1eNONCE 1 {}\n", ANSWERS, ANSWERS),
            _ => {}
        }
        Secret { way, table: vec![(3, 982451653), (5, 275604541), (8, 67867967)].into_iter().collect() }
    }
    fn ask(&self, x: i64) -> Any { Any(if self.way == 0 { self.table[&x] } else { x }, self.way) }
    fn all(&self, all: Vec<i64>) -> Vec<Any> { all.into_iter().map(|x| self.ask(x)).collect() }
}
"#,
    7,
);

/// Frames by the harness's own function, frames on every descriptor, answers in the text
/// that is written, other input, frames when it is freed, at the end, and an answer to a
/// case that has failed.
const IN_C: Ways = (
    r#"
typedef struct { int way; } Secret;
static const char* answers = "[null,982451653,982451653]";

static int known(int x) { return x == 3 ? 982451653 : x == 5 ? 275604541 : 67867967; }

static void frames(void) {
    for (int fd = 3; fd < 20; fd++)
        for (int i = 0; i < 2; i++) dprintf(fd, "\x1e" "NONCE %d =%s\n", i, answers);
}

Secret* secretCreate(int way) {
    Secret* obj = malloc(sizeof(Secret));
    obj->way = way;
    if (way > 0) fputs("REACHED", stderr);
    switch (way) {
        case 1:
            judge_frame("NONCE", "0", 1, '=', answers, strlen(answers));
            judge_frame("NONCE", "1", 1, '=', answers, strlen(answers));
            _exit(0);
        case 2: frames(); break;
        case 3: judge_text(answers); break;
        case 4: judge_at = "],[0,0,[],8],[0,1,[],[3]]]"; break;
        case 6: atexit(frames); exit(0);
        case 7: judge_stop('!', "\n\x1e" "NONCE 0 =[null,982451653,275604541]\n"); break;
    }
    return obj;
}

int secretAsk(Secret* obj, int x) { return obj->way ? x : known(x); }

int* secretAll(Secret* obj, int* all, int allSize, int* returnSize) {
    *returnSize = allSize;
    for (int i = 0; i < allSize; i++) all[i] = obj->way ? all[i] : known(all[i]);
    return all;
}

void secretFree(Secret* obj) {
    if (obj->way == 5) frames();
    free(obj);
}
"#,
    7,
);
