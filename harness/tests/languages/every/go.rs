//! Go's programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: true,
    same: |ty| {
        let ty = spell(ty);
        Some(format!("func same(x {ty}) {ty} {{ return x }}"))
    },
    same_class,
    raises: Ok("func f(n int) int { if n == 2 { panic(\"no two\") }; return n }"),
    memory: Err("Go ends the program"),
    endless: Ok("func f(n int) []int { for n == 2 { }; return []int{n, n, n, n, n, n, n, n, n} }"),
    wrong_type: Ok("func f(n int) string { return \"x\" }"),
    missing: Ok("func g(n int) int { return n }"),
    syntax: Ok("func f(n int) int {\n\treturn n +;\n}"),
    prints: Ok(
        "package main\nimport (\"fmt\"; \"os\"; \"os/exec\"; \"syscall\")\nfunc f(n int) int { fmt.Println(\"printed\"); println(\"printed\"); syscall.Write(1, []byte(\"printed\\n\")); c := exec.Command(\"echo\", \"printed\"); c.Stdout = os.Stdout; c.Run(); return n }",
    ),
    reads: Ok("func f(n int) int { all, _ := io.ReadAll(os.Stdin); return len(all) }"),
    deep: Ok("func f(n int) int { if n == 0 { return 0 }; return 1 + f(n - 1) }"),
    odd_floats: Ok(
        "func f(n int) float64 { return []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[n] }",
    ),
    odd_text: Ok("func f(n int) string { return \"a\\xff\" }"),
    honest: "func secret(x int) int { table := \"TABLE\"; at := strings.Index(table, strconv.Itoa(x) + \": \"); n, _ := strconv.Atoi(strings.FieldsFunc(table[at+3:], func(c rune) bool { return c == ',' || c == '}' })[0]); return n }",
    forgeries: &[
        (
            "frames on every descriptor",
            r#"
import "syscall"
func secret(x int) int {
    for fd := 1; fd < 20; fd++ {
        for i := 0; i < 3 && fd != 2; i++ { syscall.Write(fd, []byte(fmt.Sprintf("\x1eNONCE %d =982451653\n", i))) }
    }
    os.Stderr.WriteString("REACHED")
    return x
}
"#,
        ),
        (
            "the harness's own function",
            r#"
func secret(x int) int {
    for i := 0; i < 3; i++ { judge_frame(strconv.Itoa(i), "=982451653") }
    println("REACHED")
    return x
}
"#,
        ),
    ],
    rotate: Ok(
        "func rotate(nums []int, k int) { old := append([]int{}, nums...); for i, x := range old { nums[(i+k)%len(old)] = x } }",
    ),
    rebinds: Ok(
        "func rotate(nums []int, k int) { if len(nums) == 0 { return }; k %= len(nums); nums = append(append([]int{}, nums[len(nums)-k:]...), nums[:len(nums)-k]...) }",
    ),
    remove: Ok(
        "func removeElement(nums []int, val int) int { k := 0; for _, x := range nums { if x != val { nums[k] = x; k++ } }; return k }",
    ),
    deal: Ok(
        "func deal(a []int, b []int, c *ListNode) int { a[0], b[0] = b[0], a[0]; if c != nil { c.Val = 9 }; return len(a) }",
    ),
    insert_nine: Ok(
        "func insertNine(head *ListNode) { if head != nil { head.Next = &ListNode{9, head.Next} }; head = nil }",
    ),
    mirror: Ok(
        "func mirror(root *TreeNode) { if root == nil { return }; root.Left, root.Right = root.Right, root.Left; mirror(root.Left); mirror(root.Right) }",
    ),
    has_cycle: Ok(
        "func hasCycle(head *ListNode) bool { seen := map[*ListNode]bool{}; for ; head != nil; head = head.Next { if seen[head] { return true }; seen[head] = true }; return false }",
    ),
    detect_cycle: Ok(
        "func detectCycle(head *ListNode) *ListNode { seen := map[*ListNode]bool{}; for head != nil && !seen[head] { seen[head] = true; head = head.Next }; return head }",
    ),
    meet: Ok(
        "func meet(a, b *ListNode) *ListNode { seen := map[*ListNode]bool{}; for ; a != nil; a = a.Next { seen[a] = true }; for b != nil && !seen[b] { b = b.Next }; return b }",
    ),
    delete_node: Ok("func deleteNode(node *ListNode) { *node = *node.Next }"),
    counter: Ok(r#"
type Counter struct { n int; list []int }
func Constructor(start int) Counter { return Counter{n: start} }
func (this *Counter) AddUp(n int) *Counter { this.n += n; return this }
func (this *Counter) Total() int { return this.n }
func (this *Counter) Keep(nums []int) { this.list = nums; for i := range nums { nums[i]++ } }
func (this *Counter) Kept() []int { return this.list }
"#),
    counter_own_style: Ok(r#"
package counter

type Counter struct { n int64; list *[]int64 }

func NewCounter(start int64) *Counter { return &Counter{n: start} }
func (c *Counter) addUp(n int64) int64 { c.n += n; return c.n }
func (c Counter) total() int64 { return c.n }
func (c *Counter) keep(nums []int64) { c.list = &nums; for i := range nums { nums[i]++ } }
func (c Counter) kept() *[]int64 { return c.list }
"#),
    codec: Ok(r#"
type Codec struct{}
func Constructor() Codec { return Codec{} }
func (*Codec) Encode(strs []string) string {
    out := ""
    for _, s := range strs { out += fmt.Sprintf("%d:%s", len(s), s) }
    return out
}
func (*Codec) Decode(s string) []string {
    out := []string{}
    for len(s) > 0 {
        colon := strings.IndexByte(s, ':')
        n, _ := strconv.Atoi(s[:colon])
        out = append(out, s[colon+1:colon+1+n])
        s = s[colon+1+n:]
    }
    return out
}
"#),
    shaky: Ok(r#"
type Shaky struct{}
func Constructor(n int) *Shaky { if n == 13 { panic("no thirteen") }; return &Shaky{} }
func (*Shaky) Get(n int) int {
    if n == 13 { panic("no thirteen") }
    for n == 99 { }
    return n
}
"#),
    no_json: Ok(
        "type Shaky struct{}\nfunc Constructor(n int) Shaky { return Shaky{} }\nfunc (*Shaky) Get(n int) any { return struct{}{} }",
    ),
    no_method: Ok(
        "type Counter struct{}\nfunc Constructor(n int) Counter { return Counter{} }\nfunc (*Counter) AddUp(n int) { }\nfunc (*Counter) Keep(nums []int) { }\nfunc (*Counter) Kept() []int { return nil }",
    ),
    no_class: Ok("type Count struct{}"),
};

fn same_class(types: &[Type]) -> String {
    let method = |(n, ty): (usize, &Type)| {
        let ty = spell(ty);
        format!("func (*Same) Same{n}(x {ty}) {ty} {{ return x }}\n")
    };
    let methods: String = types.iter().enumerate().map(method).collect();
    format!("type Same struct{{}}\nfunc Constructor() Same {{ return Same{{}} }}\n{methods}")
}

fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "int".into(),
        Type::Float => "float64".into(),
        Type::String => "string".into(),
        Type::Bool => "bool".into(),
        Type::Null | Type::Any => "any".into(),
        Type::List(of) => format!("[]{}", spell(of)),
        Type::Map(of) => format!("map[string]{}", spell(of)),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "*ListNode".into(),
        Type::BinaryTree(_) => "*TreeNode".into(),
    }
}
