//! JavaScript's programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: false,
    same: |_| Some("const same = (x) => x;".into()),
    same_class,
    raises: Ok("function f(n) { if (n === 2) throw new Error('no two'); return n; }"),
    memory: Ok("const f = (n) => (n === 2 ? new ArrayBuffer(2 ** 52) : n);"),
    endless: Ok("const f = (n) => { while (n === 2); return Array(9).fill(n); };"),
    wrong_type: Ok("const f = () => 'x';"),
    missing: Ok("const g = (n) => n;"),
    syntax: Ok("const f = (n) => n;\nlet y = ;"),
    prints: Ok(
        "console.log('printed');\nconst f = (n) => { console.log('printed'); process.stdout.write('printed'); require('child_process').execSync('echo printed >&2', { stdio: 'inherit' }); return n; };",
    ),
    reads: Ok("const f = () => require('fs').readFileSync(0).length;"),
    deep: Ok("const f = (n) => n && 1 + f(n - 1);"),
    odd_floats: Ok("const f = (n) => [NaN, Infinity, -Infinity][n];"),
    odd_text: Ok("const f = () => 'a\\ud800';"),
    honest: "const secret = (x) => (TABLE)[x];",
    forgeries: &[
        (
            "frames on the real standard output",
            r#"
const fs = require('fs');
const pipe = (fd) => { try { return fs.fstatSync(fd).isFIFO(); } catch { return false; } };
const secret = (x) => {
  let fd = 40;
  while (fd > 1 && !pipe(fd)) fd--;
  for (let i = 0; i < 3; i++) fs.writeSync(fd, `\x1eNONCE ${i} =982451653\n`);
  fs.writeSync(2, "REACHED");
  return x;
};
"#,
        ),
        (
            "its own JSON and a value of any kind",
            r#"
JSON.stringify = () => "982451653";
Object.prototype.toString = Number.prototype.toString = () => "982451653";
console.error("REACHED");
const secret = () => new Proxy([], { get: (_, key) => key === 'length' ? 1 : 982451653, getPrototypeOf: () => Object.prototype });
"#,
        ),
    ],
    rotate: Ok(
        "var rotate = function(nums, k) { while (nums.length && k--) nums.unshift(nums.pop()); };",
    ),
    rebinds: Ok(
        "const rotate = (nums, k) => { k %= nums.length || 1; nums = [...nums.slice(-k), ...nums.slice(0, -k)]; return nums; };",
    ),
    remove: Ok(
        "function removeElement(nums, val) { let k = 0; for (const x of nums) if (x !== val) nums[k++] = x; return k; }",
    ),
    deal: Ok(
        "function deal(a, b, c) { [a[0], b[0]] = [b[0], a[0]]; if (c) c.val = 9; return a.length; }",
    ),
    insert_nine: Ok(
        "function insertNine(head) { if (head) head.next = new ListNode(9, head.next); head = null; }",
    ),
    mirror: Ok(
        "function mirror(root) { if (!root) return; [root.left, root.right] = [root.right, root.left]; mirror(root.left); mirror(root.right); }",
    ),
    has_cycle: Ok(
        "const hasCycle = (head) => { const seen = new Set(); for (; head; head = head.next) { if (seen.has(head)) return true; seen.add(head); } return false; };",
    ),
    detect_cycle: Ok(
        "const detectCycle = (head) => { const seen = new Set(); for (; head && !seen.has(head); head = head.next) seen.add(head); return head; };",
    ),
    meet: Ok(
        "const meet = (a, b) => { const seen = new Set(); for (; a; a = a.next) seen.add(a); while (b && !seen.has(b)) b = b.next; return b; };",
    ),
    delete_node: Ok(
        "var deleteNode = function(node) { node.val = node.next.val; node.next = node.next.next; };",
    ),
    counter: Ok(r#"
class Counter {
  constructor(start) { this.n = start; this.list = []; }
  addUp(n) { this.n += n; return this; }
  total() { return this.n; }
  keep(nums) { this.list = nums; for (let i = 0; i < nums.length; i++) nums[i]++; }
  kept() { return this.list; }
}
"#),
    counter_own_style: Ok(r#"
var Counter = function(start) { this.n = start; };
Counter.prototype.addUp = function(n) { return this.n += n; };
Counter.prototype.total = function() { return this.n; };
Counter.prototype.keep = function(nums) { nums.forEach((n, i) => nums[i]++); this.list = nums; };
Counter.prototype.kept = function() { return this.list; };
"#),
    codec: Ok(r#"
class Codec {
  encode(strs) { return strs.map((s) => `${s.length}:${s}`).join(''); }
  decode(s) {
    const out = [];
    while (s) {
      const at = s.indexOf(':') + 1, n = parseInt(s);
      out.push(s.slice(at, at + n));
      s = s.slice(at + n);
    }
    return out;
  }
}
"#),
    shaky: Ok(r#"
class Shaky {
  constructor(n) { if (n === 13) throw new Error('no thirteen'); }
  get(n) {
    if (n === 13) throw new Error('no thirteen');
    while (n === 99);
    return n;
  }
}
"#),
    no_json: Ok("class Shaky { get() { return new Set([1]); } }"),
    no_method: Ok("class Counter { addUp() {} keep() {} kept() {} }"),
    no_class: Ok("class Count {}"),
};

fn same_class(types: &[Type]) -> String {
    let method = |n: usize| format!("  same{n}(x) {{ return x; }}\n");
    format!(
        "class Same {{\n{}}}",
        (0..types.len()).map(method).collect::<String>()
    )
}
