//! Ways of faking a pass from inside C++. Each prints REACHED once it has done its
//! worst.

use harness::Harness::Cpp;

use crate::forgery::none_passes;

#[test]
fn no_cpp_program_passes_without_the_answers() {
    let honest = "int secret(int x) { const char* at = strstr(\"TABLE\", (to_string(x) + \": \").c_str()); return atoi(at + 3); }";
    none_passes(
        Cpp,
        honest,
        &PROGRAMS.map(|(name, code)| (name, code.to_owned())),
    );
}

pub(crate) const PROGRAMS: [(&str, &str); 6] = [
    (
        "leaves before it is asked",
        "struct Early { Early() { cerr << \"REACHED\"; exit(0); } } early;\nint secret(int x) { return x; }",
    ),
    (
        "has a main of its own",
        "#define JUDGE_FUNCTION(...) int main() { puts(\"Accepted\"); cerr << \"REACHED\"; return 0; }\nint secret(int x) { return x; }",
    ),
    (
        "writes frames with the harness's own function",
        r#"
int secret(int x) {
  cerr << "REACHED";
  for (int i = 0; i < 3; i++) judge_::judge.frame(std::to_string(i), "=982451653");
  return x;
}
"#,
    ),
    (
        "writes a frame for every case and leaves",
        r#"
int secret(int x) {
  cerr << "REACHED";
  for (int i = 0; i < 9; i++) judge_::judge.frame(std::to_string(i), "=67867967");
  _exit(0);
}
"#,
    ),
    (
        "returns a class that converts to anything",
        r#"
struct Any { template <class T> operator T() const { return T(); } bool operator==(int) const { return true; } };
long long secret(int x) { cerr << "REACHED"; return Any() == x ? (long long)Any() : x; }
"#,
    ),
    (
        "changes how results are written",
        r#"
namespace std { inline string to_string(long) { return "982451653"; } }
#define JUDGE_NOTHING true
void secret(int x) { cerr << "REACHED"; }
"#,
    ),
];
