//! C#'s programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: true,
    same: |ty| Some(method("Same", ty)),
    same_class,
    raises: Ok(
        "int F(int n) { if (n == 2) throw new InvalidOperationException(\"no two\"); return n; }",
    ),
    memory: Ok(
        "int F(int n) { if (n == 2) { var all = new List<long[]>(); while (true) all.Add(new long[int.MaxValue]); } return n; }",
    ),
    endless: Ok("int[] F(int n) { while (n == 2) { } return Enumerable.Repeat(n, 9).ToArray(); }"),
    wrong_type: Ok("string F(int n) { return \"x\"; }"),
    missing: Ok("int G(int n) { return n; }"),
    syntax: Ok("class Solution {\n  int F(int n) { return n +; }\n}"),
    prints: Ok(
        "int F(int n) { Console.WriteLine(\"printed\"); Console.Error.WriteLine(\"printed\"); return n; }",
    ),
    reads: Ok(
        "int F(int n) { return Console.In.ReadToEnd().Length + Console.OpenStandardInput().Read(new byte[9], 0, 9); }",
    ),
    deep: Ok("int F(int n) { return n == 0 ? 0 : 1 + F(n - 1); }"),
    odd_floats: Ok(
        "double F(int n) { return new[] {double.NaN, double.PositiveInfinity, double.NegativeInfinity}[n]; }",
    ),
    odd_text: Ok("string F(int n) { return \"a\\ud800\"; }"),
    honest: "class Solution { long Secret(int x) { string table = \"TABLE\"; int at = table.IndexOf(x + \": \"); return long.Parse(table.Substring(at + 3).Split(',', '}')[0]); } }",
    forgeries: &[
        (
            "frames on standard output",
            r#"
int Secret(int x) {
    var output = Console.OpenStandardOutput();
    for (int i = 0; i < 3; i++) {
        var frame = Encoding.UTF8.GetBytes("\u001eNONCE " + i + " =982451653\n");
        output.Write(frame, 0, frame.Length);
    }
    Console.Error.WriteLine("REACHED");
    return x;
}
"#,
        ),
        (
            "the harness's own function",
            r#"
int Secret(int x) {
    var frame = Type.GetType("judge_").GetMethod("Frame", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static);
    for (int i = 0; i < 3; i++) frame.Invoke(null, new object[] {i.ToString(), "=982451653"});
    Console.WriteLine("REACHED");
    return x;
}
"#,
        ),
    ],
    rotate: Ok(
        "public class Solution { public void Rotate(int[] nums, int k) { var old = (int[]) nums.Clone(); for (int i = 0; i < old.Length; i++) nums[(i + k) % old.Length] = old[i]; } }",
    ),
    rebinds: Ok(
        "void Rotate(List<int> nums, int k) { if (nums.Count == 0) return; k %= nums.Count; nums = nums.Skip(nums.Count - k).Concat(nums.Take(nums.Count - k)).ToList(); }",
    ),
    remove: Ok(
        "public class Solution { public int RemoveElement(int[] nums, int val) { int k = 0; foreach (int x in nums) if (x != val) nums[k++] = x; return k; } }",
    ),
    deal: Ok(
        "public class Solution { public int Deal(int[] a, IList<int> b, ListNode c) { int first = a[0]; a[0] = b[0]; b[0] = first; if (c != null) c.val = 9; return a.Length; } }",
    ),
    insert_nine: Ok(
        "void InsertNine(ListNode head) { if (head != null) head.next = new ListNode(9, head.next); head = null; }",
    ),
    mirror: Ok(
        "public class Solution { public void Mirror(TreeNode root) { if (root == null) return; var left = root.left; root.left = root.right; root.right = left; Mirror(root.left); Mirror(root.right); } }",
    ),
    has_cycle: Ok(
        "public class Solution { public bool HasCycle(ListNode head) { var seen = new HashSet<ListNode>(); for (; head != null; head = head.next) if (!seen.Add(head)) return true; return false; } }",
    ),
    detect_cycle: Ok(
        "ListNode DetectCycle(ListNode head) { var seen = new HashSet<ListNode>(); while (head != null && seen.Add(head)) head = head.next; return head; }",
    ),
    meet: Ok(
        "ListNode Meet(ListNode a, ListNode b) { var seen = new HashSet<ListNode>(); for (; a != null; a = a.next) seen.Add(a); while (b != null && !seen.Contains(b)) b = b.next; return b; }",
    ),
    delete_node: Ok(
        "public class Solution { public void DeleteNode(ListNode node) { node.val = node.next.val; node.next = node.next.next; } }",
    ),
    counter: Ok(r#"
public class Counter {
    int n;
    int[] list;
    public Counter(int start) { n = start; }
    public Counter AddUp(int n) { this.n += n; return this; }
    public int Total() { return n; }
    public void Keep(int[] nums) { list = nums; for (int i = 0; i < nums.Length; i++) nums[i]++; }
    public int[] Kept() { return list; }
}
"#),
    counter_own_style: Ok(r#"
using System.Collections.Generic;
namespace Own.Style {
    sealed class Counter {
        long n;
        IList<long> list;
        internal Counter(long start) { n = start; }
        public long addUp(long n) { return this.n += n; }
        public long total() { return n; }
        public void keep(IList<long> nums) { list = nums; for (int i = 0; i < nums.Count; i++) nums[i]++; }
        public IEnumerable<long> kept() { foreach (long n in list) yield return n; }
    }
}
"#),
    codec: Ok(r#"
public class Codec {
    public string Encode(IList<string> strs) { return string.Concat(strs.Select(s => s.Length + ":" + s)); }
    public IList<string> Decode(string s) {
        var all = new List<string>();
        for (int at = 0; at < s.Length;) {
            int colon = s.IndexOf(':', at), n = int.Parse(s.Substring(at, colon - at));
            all.Add(s.Substring(colon + 1, n));
            at = colon + 1 + n;
        }
        return all;
    }
}
"#),
    shaky: Ok(r#"
class Shaky {
    public Shaky(int n) { if (n == 13) throw new Exception("no thirteen"); }
    public int Get(int n) {
        if (n == 13) throw new Exception("no thirteen");
        while (n == 99) { }
        return n;
    }
}
"#),
    no_json: Ok(
        "class Shaky { public Shaky(int n) { } public object Get(int n) { return new object(); } }",
    ),
    no_method: Ok(
        "class Counter { Counter(int n) { } void AddUp(int n) { } void Keep(int[] nums) { } int[] Kept() { return null; } }",
    ),
    no_class: Ok("class Count { }"),
};

fn method(name: &str, ty: &Type) -> String {
    let ty = spell(ty);
    format!("public {ty} {name}({ty} x) {{ return x; }}")
}

fn same_class(types: &[Type]) -> String {
    let methods = types.iter().enumerate();
    let methods: Vec<String> = methods
        .map(|(n, ty)| method(&format!("Same{n}"), ty))
        .collect();
    format!("class Same {{\n{}\n}}", methods.join("\n"))
}

/// The type as practice sites spell it, but for 64 bits.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "long".into(),
        Type::Float => "double".into(),
        Type::String => "string".into(),
        Type::Bool => "bool".into(),
        Type::Null | Type::Any => "object".into(),
        Type::List(of) => format!("IList<{}>", spell(of)),
        Type::Map(of) => format!("IDictionary<string, {}>", spell(of)),
        // A node with values of 64 bits: long val
        Type::LinkedList(_) | Type::LinkedNodes(_) => "/* long val */ ListNode".into(),
        Type::BinaryTree(_) => "/* long val */ TreeNode".into(),
    }
}
