//! Rust's programs.

use shared::domain::problem::types::Type;

use super::Programs;

const OWNER: &str = "a node has one owner in Rust, so there are no linked_nodes";

pub(super) const PROGRAMS: Programs = Programs {
    compiled: true,
    same: |ty| {
        let ty = spell(ty)?;
        Some(format!(
            "{USES}impl Solution {{ pub fn same(x: {ty}) -> {ty} {{ x }} }}"
        ))
    },
    same_class,
    raises: Ok("impl Solution { pub fn f(n: i32) -> i32 { if n == 2 { panic!(\"no two\") } n } }"),
    memory: Err("memory that runs out ends a Rust program; error_in_stderr tells of it"),
    endless: Ok("fn f(n: i64) -> Vec<i64> { while n == 2 {} vec![n; 9] }"),
    wrong_type: Ok("fn f(n: i32) -> &'static str { \"x\" }"),
    missing: Ok("fn g(n: i32) -> i32 { n }"),
    syntax: Ok("fn f(n: i32) -> i32 {\n    n + ;\n}\n"),
    prints: Ok(
        "use std::io::Write;\nfn main() { println!(\"printed\"); }\nfn f(n: i32) -> i32 { println!(\"printed\"); print!(\"printed\"); main(); std::process::Command::new(\"echo\").arg(\"printed\").status().unwrap(); n }",
    ),
    reads: Ok(
        "use std::io::Read;\nfn f(_n: i32) -> usize { let mut all = Vec::new(); std::io::stdin().read_to_end(&mut all).unwrap() }",
    ),
    deep: Ok("fn f(n: i64) -> i64 { if n == 0 { 0 } else { 1 + f(n - 1) } }"),
    odd_floats: Ok("fn f(n: usize) -> f64 { [f64::NAN, f64::INFINITY, -f64::INFINITY][n] }"),
    odd_text: Err("a String is Unicode"),
    honest: "fn secret(x: i32) -> i32 { \"TABLE\".trim_matches(|c| c == '{' || c == '}').split(\", \").find_map(|one| one.strip_prefix(&format!(\"{}: \", x))).unwrap().parse().unwrap() }",
    forgeries: &[
        (
            "frames on every descriptor",
            r#"
extern "C" { fn write(fd: i32, data: *const u8, size: usize) -> isize; }
fn secret(x: i32) -> i32 {
    for fd in 1..20 {
        for i in 0..3 {
            let text = format!("\x1eNONCE {} =982\n", i);
            unsafe { write(fd, text.as_ptr(), text.len()); }
        }
    }
    eprint!("REACHED");
    x
}
"#,
        ),
        (
            "changes the harness's words",
            r#"
macro_rules! format { ($($all:tt)*) => { String::from("982") } }
macro_rules! own { ($($all:tt)*) => {} }
fn secret(x: i32) -> i32 { eprint!("REACHED"); x }
"#,
        ),
        (
            "leaves",
            "fn secret(x: i32) -> i32 { eprint!(\"REACHED\"); std::process::exit(0) }",
        ),
    ],
    rotate: Ok(
        "impl Solution { pub fn rotate(nums: &mut Vec<i32>, k: i32) { let n = nums.len().max(1); nums.rotate_right(k as usize % n) } }",
    ),
    rebinds: Ok(
        "fn rotate(mut nums: Vec<i64>, k: i64) { let n = nums.len().max(1); nums.rotate_right(k as usize % n) }",
    ),
    remove: Ok(
        "impl Solution {\n    pub fn remove_element(nums: &mut Vec<i32>, val: i32) -> i32 {\n        let mut k = 0;\n        for at in 0..nums.len() { if nums[at] != val { nums[k] = nums[at]; k += 1; } }\n        k as i32\n    }\n}",
    ),
    deal: Ok(
        "fn deal(a: &mut Vec<i32>, b: &mut [i64], c: &mut Option<Box<ListNode>>) -> usize { let first = a[0]; a[0] = b[0] as i32; b[0] = first as i64; if let Some(node) = c { node.val = 9; } a.len() }",
    ),
    insert_nine: Ok(
        "impl Solution { pub fn insert_nine(head: &mut Option<Box<ListNode>>) { if let Some(node) = head { let mut nine = Box::new(ListNode::new(9)); nine.next = node.next.take(); node.next = Some(nine); } } }",
    ),
    mirror: Ok(r"
use std::cell::RefCell;
use std::rc::Rc;
impl Solution {
    pub fn mirror(root: &mut Option<Rc<RefCell<TreeNode>>>) {
        if let Some(node) = root {
            let mut node = node.borrow_mut();
            let (mut left, mut right) = (node.left.take(), node.right.take());
            Self::mirror(&mut left);
            Self::mirror(&mut right);
            node.left = right;
            node.right = left;
        }
    }
}
"),
    has_cycle: Err(OWNER),
    detect_cycle: Err(OWNER),
    meet: Err(OWNER),
    delete_node: Err(OWNER),
    counter: Ok(r"
struct Counter { n: i32, list: Vec<i32> }
/**
 * `&self` means the method takes an immutable reference.
 */
impl Counter {
    fn new(start: i32) -> Self { Self { n: start, list: vec![] } }
    fn addUp(&mut self, n: i32) -> i32 { self.n += n; self.n }
    fn total(&self) -> i32 { self.n }
    fn keep(&mut self, mut nums: Vec<i32>) { for n in nums.iter_mut() { *n += 1; } self.list = nums; }
    fn kept(&self) -> Vec<i32> { self.list.clone() }
}
"),
    counter_own_style: Ok(r"
#[derive(Default)]
pub struct Counter { n: i64, list: Vec<i64> }
impl Counter {
    pub fn new(n: i64) -> Counter { Counter { n, ..Default::default() } }
    pub fn add_up(&mut self, n: i64) { self.n += n; }
    pub fn total(&self) -> i64 { self.n }
    pub fn keep(&mut self, nums: &[i64]) -> usize { self.list = nums.iter().map(|n| n + 1).collect(); 5 }
    pub fn kept(&self) -> &Vec<i64> { &self.list }
}
"),
    codec: Ok(r#"
struct Codec;
impl Codec {
    fn new() -> Self { Codec }
    fn encode(&self, strs: Vec<String>) -> String {
        strs.iter().map(|s| format!("{}:{}", s.len(), s)).collect()
    }
    fn decode(&self, s: String) -> Vec<String> {
        let (mut rest, mut out) = (s.as_str(), Vec::new());
        while let Some((n, after)) = rest.split_once(':') {
            let (one, after) = after.split_at(n.parse().unwrap());
            out.push(one.to_string());
            rest = after;
        }
        out
    }
}
"#),
    shaky: Ok(r#"
struct Shaky {}
impl Shaky {
    fn new(n: i32) -> Self { assert!(n != 13, "no thirteen"); Shaky {} }
    fn get(&self, n: i32) -> i32 {
        if n == 13 { None.expect("no thirteen") }
        while n == 99 {}
        n
    }
}
"#),
    no_json: Ok(
        "struct Shaky;\nimpl Shaky { fn new(n: i32) -> Self { Shaky } fn get(&self, n: i32) -> u64 { u64::MAX } }",
    ),
    no_method: Ok(
        "struct Counter;\nimpl Counter { fn new(n: i32) -> Self { Counter } fn add_up(&self, n: i32) {} fn keep(&self, nums: Vec<i32>) {} fn kept(&self) -> Vec<i32> { vec![] } }",
    ),
    no_class: Ok("struct Count;"),
};

const USES: &str =
    "use std::cell::RefCell;\nuse std::collections::HashMap;\nuse std::rc::Rc;\n// val: i64\n";

/// The type, if the language has it.
fn spell(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Int => "i64".into(),
        Type::Float => "f64".into(),
        Type::String => "String".into(),
        Type::Bool => "bool".into(),
        Type::List(of) => format!("Vec<{}>", spell(of)?),
        Type::Map(of) => format!("HashMap<String, {}>", spell(of)?),
        Type::LinkedList(of) if **of == Type::Int => "Option<Box<ListNode>>".into(),
        Type::BinaryTree(of) if **of == Type::Int => "Option<Rc<RefCell<TreeNode>>>".into(),
        _ => return None,
    })
}

fn same_class(types: &[Type]) -> String {
    let method = |(n, ty): (usize, &Type)| {
        let ty = spell(ty).unwrap();
        format!("    fn same{n}(&self, x: {ty}) -> {ty} {{ x }}\n")
    };
    let methods: String = types.iter().enumerate().map(method).collect();
    format!("{USES}struct Same;\nimpl Same {{\n    fn new() -> Self {{ Same }}\n{methods}}}\n")
}
