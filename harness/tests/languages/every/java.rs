//! Java's programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: true,
    same: |ty| Some(method("same", ty)),
    same_class,
    raises: Ok(
        "int f(int n) { if (n == 2) throw new IllegalStateException(\"no two\"); return n; }",
    ),
    memory: Ok(
        "int f(int n) { if (n == 2) { long[] a = new long[1 << 30]; return a.length; } return n; }",
    ),
    endless: Ok(
        "int[] f(int n) { while (n == 2) Thread.onSpinWait(); int[] a = new int[9]; Arrays.fill(a, n); return a; }",
    ),
    wrong_type: Ok("String f(int n) { return \"x\"; }"),
    missing: Ok("int g(int n) { return n; }"),
    syntax: Ok("class Solution {\n  int f(int n) { return n +; }\n}"),
    prints: Ok(
        "int f(int n) throws Exception { System.out.println(\"printed\"); System.err.println(\"printed\"); new ProcessBuilder(\"echo\", \"printed\").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor(); return n; }",
    ),
    reads: Ok(
        "int f(int n) throws Exception { return System.in.readAllBytes().length + new FileInputStream(FileDescriptor.in).read() + 1; }",
    ),
    deep: Ok("int f(int n) { return n == 0 ? 0 : 1 + f(n - 1); }"),
    odd_floats: Ok("double f(int n) { return n == 0 ? 0 / 0.0 : n == 1 ? 1 / 0.0 : -1 / 0.0; }"),
    odd_text: Ok("String f(int n) { return \"a\\ud800\"; }"),
    honest: "class Solution { long secret(int x) { String table = \"TABLE\"; int at = table.indexOf(x + \": \"); return Long.parseLong(table.substring(at + 3).split(\"[,}]\")[0]); } }",
    forgeries: &[
        (
            "frames on standard output",
            r#"
int secret(int x) throws Exception {
    var out = new FileOutputStream(FileDescriptor.out);
    for (int i = 0; i < 3; i++) out.write(("\u001eNONCE " + i + " =982451653\n").getBytes());
    System.err.println("REACHED");
    return x;
}
"#,
        ),
        (
            "the harness's own function",
            r#"
int secret(int x) {
    for (int i = 0; i < 3; i++) judge_.frame("" + i, "=982451653");
    System.err.println("REACHED");
    return x;
}
"#,
        ),
    ],
    rotate: Ok(
        "class Solution { public void rotate(int[] nums, int k) { int[] old = nums.clone(); for (int i = 0; i < old.length; i++) nums[(i + k) % old.length] = old[i]; } }",
    ),
    rebinds: Ok(
        "void rotate(List<Integer> nums, int k) { nums = new ArrayList<>(nums); Collections.rotate(nums, k); }",
    ),
    remove: Ok(
        "class Solution { public int removeElement(int[] nums, int val) { int k = 0; for (int x : nums) if (x != val) nums[k++] = x; return k; } }",
    ),
    deal: Ok(
        "class Solution { int deal(int[] a, List<Integer> b, ListNode c) { int first = a[0]; a[0] = b.get(0); b.set(0, first); if (c != null) c.val = 9; return a.length; } }",
    ),
    insert_nine: Ok(
        "void insertNine(ListNode head) { if (head != null) head.next = new ListNode(9, head.next); head = null; }",
    ),
    mirror: Ok(
        "class Solution { public void mirror(TreeNode root) { if (root == null) return; TreeNode left = root.left; root.left = root.right; root.right = left; mirror(root.left); mirror(root.right); } }",
    ),
    has_cycle: Ok(
        "public class Solution { public boolean hasCycle(ListNode head) { Set<ListNode> seen = new HashSet<>(); for (; head != null; head = head.next) if (!seen.add(head)) return true; return false; } }",
    ),
    detect_cycle: Ok(
        "ListNode detectCycle(ListNode head) { Set<ListNode> seen = new HashSet<>(); while (head != null && seen.add(head)) head = head.next; return head; }",
    ),
    meet: Ok(
        "ListNode meet(ListNode a, ListNode b) { Set<ListNode> seen = new HashSet<>(); for (; a != null; a = a.next) seen.add(a); while (b != null && !seen.contains(b)) b = b.next; return b; }",
    ),
    delete_node: Ok(
        "class Solution { public void deleteNode(ListNode node) { node.val = node.next.val; node.next = node.next.next; } }",
    ),
    counter: Ok(r#"
class Counter {
    private int n;
    private int[] list;
    public Counter(int start) { n = start; }
    public Counter addUp(int n) { this.n += n; return this; }
    public int total() { return n; }
    public void keep(int[] nums) { list = nums; for (int i = 0; i < nums.length; i++) nums[i]++; }
    public int[] kept() { return list; }
}
"#),
    counter_own_style: Ok(r#"
import java.util.List;
final class Counter {
    long n;
    List<Long> list;
    Counter(Long start) { n = start; }
    long addUp(Long n) { return this.n += n; }
    Long total() { return n; }
    void keep(List<Long> nums) { list = nums; nums.replaceAll(n -> n + 1); }
    List<Long> kept() { return list; }
}
"#),
    codec: Ok(r#"
public class Codec {
    public String encode(List<String> strs) {
        StringBuilder out = new StringBuilder();
        for (String s : strs) out.append(s.length()).append(':').append(s);
        return out.toString();
    }
    public List<String> decode(String s) {
        List<String> out = new ArrayList<>();
        for (int at = 0; at < s.length();) {
            int colon = s.indexOf(':', at), n = Integer.parseInt(s.substring(at, colon));
            out.add(s.substring(colon + 1, colon + 1 + n));
            at = colon + 1 + n;
        }
        return out;
    }
}
"#),
    shaky: Ok(r#"
class Shaky {
    Shaky(int n) { if (n == 13) throw new RuntimeException("no thirteen"); }
    int get(int n) {
        if (n == 13) throw new RuntimeException("no thirteen");
        while (n == 99) Thread.onSpinWait();
        return n;
    }
}
"#),
    no_json: Ok("class Shaky { Shaky(int n) { } Object get(int n) { return new Object(); } }"),
    no_method: Ok(
        "class Counter { Counter(int n) { } void addUp(int n) { } void keep(int[] nums) { } int[] kept() { return null; } }",
    ),
    no_class: Ok("class Count { }"),
};

fn method(name: &str, ty: &Type) -> String {
    let ty = spell(ty);
    format!("{ty} {name}({ty} x) {{ return x; }}")
}

fn same_class(types: &[Type]) -> String {
    let methods = types.iter().enumerate();
    let methods: Vec<String> = methods
        .map(|(n, ty)| method(&format!("same{n}"), ty))
        .collect();
    format!("class Same {{\n{}\n}}", methods.join("\n"))
}

/// The type as practice sites spell it, but for 64 bits.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "Long".into(),
        Type::Float => "Double".into(),
        Type::String => "String".into(),
        Type::Bool => "Boolean".into(),
        Type::Null | Type::Any => "Object".into(),
        Type::List(of) => format!("List<{}>", spell(of)),
        Type::Map(of) => format!("Map<String, {}>", spell(of)),
        // A node with values of 64 bits: long val
        Type::LinkedList(_) | Type::LinkedNodes(_) => "/* long val */ ListNode".into(),
        Type::BinaryTree(_) => "/* long val */ TreeNode".into(),
    }
}
