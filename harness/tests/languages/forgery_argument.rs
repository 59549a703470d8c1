//! Ways of passing a problem whose answer is an argument without changing that argument.
//! Each prints REACHED once it has done its worst.

use harness::Harness::{
    self, C, CSharp, Cpp, Go, Java, JavaScript, Php, Python, Ruby, Rust, TypeScript,
};
use shared::domain::problem::{Answer, Callable, Signature};

use crate::every::Language;
use crate::run::signature;

/// The answer is read from what the harness passed, whatever that has become.
fn none_passes(harness: Harness, (code, ways): (&str, usize)) {
    let Some(language) = Language::of(harness) else {
        eprintln!("{} is not on this machine", harness.language());
        return;
    };
    let signature = Signature {
        answer: Answer::Argument(0),
        ..signature("fill(list<int>) -> null")
    };
    let program = language.build(Callable::Function(&signature), code);
    let mut program = program.unwrap_or_else(|said| panic!("{said}"));
    // The argument says which way is tried; with 0 the program is honest.
    for way in 0..=ways {
        let told = program.run(&[&format!("[[{way}]]")], |_| false);
        let passes = told.frame(0) == ('=', "[982451653]");
        assert_eq!(passes, way == 0, "way {way} {told:?}");
        assert_eq!(told.stderr.contains("REACHED"), way > 0, "{way} {told:?}");
    }
}

/// How many ways there are, over all languages.
pub(crate) fn count() -> usize {
    ALL.iter().map(|(_, (_, ways))| ways).sum()
}

/// A test for each language of [`ALL`].
macro_rules! tests {
    ($($name:ident $harness:ident),*) => {
        $(#[test]
        fn $name() {
            let (_, ways) = ALL.iter().find(|(harness, _)| *harness == $harness).unwrap();
            none_passes($harness, *ways);
        })*

        #[test]
        fn every_language_has_some() {
            assert_eq!([$($harness),*], Harness::ALL);
        }
    };
}

tests!(
    python Python, javascript JavaScript, typescript TypeScript, cpp Cpp, java Java, go Go,
    csharp CSharp, ruby Ruby, php Php, rust Rust, c C
);

/// Programs, each with the number of its ways.
const ALL: [(Harness, (&str, usize)); 11] = [
    (
        Python,
        (
            r#"
class Any(int):
    def __eq__(self, other): return True
    def __repr__(self): return "982451653"
    __str__ = __hash__ = __add__ = __radd__ = __repr__
class List(list):
    def __iter__(self): return iter([982451653])
def fill(nums):
    import sys
    way = nums[0]
    if way == 0:
        nums[0] = 982451653
        return
    print("REACHED")
    if way == 1:
        frame = sys._getframe(1)
        for name in ("passed", "roots"):
            frame.f_locals[name][:] = [List([Any(1)])]
        nums[:] = [Any(1)]
    if way == 2: nums = [982451653]
    return [982451653]
"#,
            2,
        ),
    ),
    (JavaScript, (JAVASCRIPT, 3)),
    (TypeScript, (JAVASCRIPT, 3)),
    (
        Cpp,
        (
            r#"
vector<int> fill(vector<int>& nums) {
  vector<int> other{982451653};
  int way = nums[0];
  if (way == 0) nums = other;
  else cerr << "REACHED";
  if (way == 1) [&](vector<int> nums) { nums = other; }(nums);
  if (way == 2) { vector<int>& it = nums; vector<int>* at = &it; at = &other; it[0] = (*at)[0]; it[0] = 2; }
  return other;
}
"#,
            2,
        ),
    ),
    (
        Java,
        (
            r#"
class Solution {
    Object judge(String name) throws Exception {
        var field = Class.forName("judge_").getDeclaredField(name);
        field.setAccessible(true);
        return field.get(null);
    }
    int[] fill(int[] nums) throws Exception {
        int[] other = {982451653};
        int way = nums[0];
        if (way == 0) nums[0] = other[0];
        else System.err.println("REACHED");
        if (way == 1) nums = other;
        if (way == 2) ((String[][]) judge("CALLS"))[0][2] = "li";
        if (way == 3) ((String[][]) judge("CALLS"))[0][1] = "s";
        return other;
    }
}
"#,
            3,
        ),
    ),
    (
        Go,
        (
            r#"
func fill(nums []int) []int {
    other := []int{982451653}
    way := nums[0]
    if way > 0 {
        os.Stderr.WriteString("REACHED")
    }
    switch way {
    case 0:
        nums[0] = other[0]
    case 1:
        nums = other
    case 2:
        nums = append(nums[:0:0], other...)
    case 3:
        judge_calls[0][2] = "li"
    }
    return other
}
"#,
            3,
        ),
    ),
    (
        CSharp,
        (
            r#"
public class Solution {
    public int[] Fill(int[] nums) {
        var other = new[] {982451653};
        int way = nums[0];
        if (way == 0) nums[0] = other[0];
        else Console.Error.WriteLine("REACHED");
        if (way == 1) nums = other;
        if (way == 2) {
            var hidden = System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static;
            ((string[][]) Type.GetType("judge_").GetField("CALLS", hidden).GetValue(null))[0][2] = "li";
        }
        return other;
    }
}
"#,
            2,
        ),
    ),
    (
        Ruby,
        (
            r#"
def fill(nums)
  way = nums[0]
  return nums[0] = 982451653 if way == 0
  STDERR.write "REACHED"
  nums = nums.map { 982451653 } if way == 1
  JudgeHarness_.instance_variable_get(:@calls)[0]["returns"] = "li" if way == 2
  [982451653]
end
"#,
            2,
        ),
    ),
    (
        Php,
        (
            r#"
function fill(&$nums) {
  $way = $nums[0];
  if ($way == 0) { $nums[0] = 982451653; return; }
  fwrite(STDERR, "REACHED");
  $other = [982451653];
  if ($way == 1) $nums = &$other;
  if ($way == 2) { $copy = $nums; $copy[0] = 982451653; unset($nums); $nums = $copy; }
  return $other;
}
"#,
            2,
        ),
    ),
    (
        Rust,
        (
            r#"
fn fill(nums: &mut Vec<i32>) -> Vec<i32> {
    let other = vec![982451653];
    let way = nums[0];
    if way == 0 { nums[0] = other[0]; } else { eprint!("REACHED"); }
    if way == 1 { let mut nums = nums.clone(); nums[0] = other[0]; }
    if way == 2 { let mut all = nums; let mut mine = other.clone(); all = &mut mine; all[0] = 982451653; }
    other
}
"#,
            2,
        ),
    ),
    (
        C,
        (
            r#"
void fill(int* nums, int numsSize) {
    static int other[1] = {982451653};
    int way = nums[0];
    if (way == 0) nums[0] = other[0];
    else fputs("REACHED", stderr);
    if (way == 1) nums = other;
    if (way == 2) judge_text("[982451653]");
    if (way == 3) judge_at = "[982451653]";
}
"#,
            3,
        ),
    ),
];

const JAVASCRIPT: &str = r#"
const fill = (nums) => {
  const way = nums[0];
  if (way === 0) { nums[0] = 982451653; return; }
  console.error("REACHED");
  if (way === 1) {
    JSON.stringify = () => "[982451653]";
    Array.prototype.toJSON = () => [982451653];
    Array.prototype[Symbol.iterator] = function* () { yield 982451653; };
  }
  if (way === 2) {
    nums[0] = new Proxy(Object(1), { get: () => () => 982451653 });
    Object.setPrototypeOf(nums, { toJSON: () => [982451653], length: 1, 0: 982451653 });
  }
  if (way === 3) nums = [982451653];
  return [982451653];
};
"#;
