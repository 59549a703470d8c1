//! TypeScript's programs: JavaScript's where they need no type.

use shared::domain::problem::types::Type;

use super::{Programs, javascript};

pub(super) const PROGRAMS: Programs = Programs {
    same: |_| Some("const same = <T>(x: T): T => x;".into()),
    same_class,
    raises: Ok(
        "function f(n: number): number { if (n === 2) throw new Error('no two'); return n; }",
    ),
    endless: Ok(
        "const f = (n: number): number[] => { while (n === 2); return Array(9).fill(n); };",
    ),
    wrong_type: Ok("const f = (n: number): number => 'x' as any;"),
    missing: Ok("const g = (n: number) => n;"),
    syntax: Ok("const f = (n: number) => n;\nlet y: number = ;"),
    rotate: Ok(
        "function rotate(nums: number[], k: number): void { while (nums.length && k--) nums.unshift(nums.pop()!); }",
    ),
    rebinds: Ok(
        "function rotate(nums: number[], k: number): void { k %= nums.length || 1; nums = [...nums.slice(-k), ...nums.slice(0, -k)]; }",
    ),
    insert_nine: Ok(
        "function insertNine(head: ListNode | null): void { if (head) head.next = new ListNode(9, head.next); }",
    ),
    mirror: Ok(
        "function mirror(root: TreeNode | null): void { if (!root) return; [root.left, root.right] = [root.right, root.left]; mirror(root.left); mirror(root.right); }",
    ),
    detect_cycle: Ok(
        "function detectCycle(head: ListNode | null): ListNode | null { const seen = new Set<ListNode>(); for (; head && !seen.has(head); head = head.next) seen.add(head); return head; }",
    ),
    counter: Ok(r#"
class Counter {
  private list: number[] = [];
  constructor(private n: number) {}
  addUp(n: number): this { this.n += n; return this; }
  total(): number { return this.n; }
  keep(nums: number[]): void { this.list = nums; for (let i = 0; i < nums.length; i++) nums[i]++; }
  kept(): number[] { return this.list; }
}
"#),
    counter_own_style: Ok(r#"
export class Counter {
  n: number;
  list?: number[];
  constructor(start: number) { this.n = start; }
  addUp(n: number): number { return (this.n += n); }
  total = (): number => this.n;
  keep(nums: number[]) { nums.forEach((_, i) => nums[i]++); this.list = nums; }
  kept() { return this.list; }
}
"#),
    codec: Ok(r#"
class Codec {
  encode(strs: string[]): string { return JSON.stringify(strs); }
  decode(s: string): string[] { return JSON.parse(s); }
}
"#),
    shaky: Ok(r#"
class Shaky {
  constructor(n: number) { if (n === 13) throw new Error('no thirteen'); }
  get(n: number): number {
    if (n === 13) throw new Error('no thirteen');
    while (n === 99);
    return n;
  }
}
"#),
    ..javascript::PROGRAMS
};

fn same_class(types: &[Type]) -> String {
    let method = |n: usize| format!("  same{n}<T>(x: T): T {{ return x; }}\n");
    format!(
        "class Same {{\n{}}}",
        (0..types.len()).map(method).collect::<String>()
    )
}
