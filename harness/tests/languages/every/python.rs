//! Python's programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: false,
    same: |_| Some("def same(x): return x".into()),
    same_class,
    raises: Ok("def f(n):\n    if n == 2: raise ValueError('no two')\n    return n"),
    memory: Ok("def f(n):\n    if n == 2: 'a' * (1 << 62)\n    return n"),
    endless: Ok("def f(n):\n    while n == 2: pass\n    return [n] * 9"),
    wrong_type: Ok("def f(n): return 'x'"),
    missing: Ok("def g(n): return n"),
    syntax: Ok("def f(n):\n    return n +\n"),
    prints: Ok(
        "import os, sys\nprint('printed')\ndef f(n):\n    print('printed'); os.write(1, b'printed\\n'); os.system('echo printed'); return n",
    ),
    reads: Ok("import os, sys\ndef f(n): return len(sys.stdin.read()) + len(os.read(0, 9))"),
    deep: Ok("def f(n): return n and 1 + f(n - 1)"),
    odd_floats: Ok("def f(n): return [float('nan'), float('inf'), -float('inf')][n]"),
    odd_text: Ok("def f(n): return 'a\\ud800'"),
    honest: "def secret(x): return TABLE[x]",
    forgeries: &[
        (
            "frames on every descriptor",
            r#"
import os
def secret(x):
    for fd in range(1, 20):
        for i in range(3):
            try: os.write(fd, b"\x1eNONCE %d =982451653\n" % i)
            except OSError: pass
    os.write(2, b"REACHED")
    return x
"#,
        ),
        (
            "a number that equals all others",
            r#"
class Any(int):
    def __eq__(self, other): return True
    def __str__(self): return "982451653"
    __repr__ = __str__
    __hash__ = None
def secret(x):
    print("REACHED")
    return Any(1)
"#,
        ),
    ],
    rotate: Ok(
        "def rotate(nums, k):\n    for _ in range(k if nums else 0): nums.insert(0, nums.pop())",
    ),
    rebinds: Ok(
        "def rotate(nums, k):\n    k %= len(nums) or 1\n    nums = nums[-k:] + nums[:-k]\n    return nums",
    ),
    remove: Ok(
        "class Solution:\n    def removeElement(self, nums: List[int], val: int) -> int:\n        k = 0\n        for x in nums:\n            if x != val: nums[k] = x; k += 1\n        return k",
    ),
    deal: Ok(
        "def deal(a, b, c):\n    a[0], b[0] = b[0], a[0]\n    if c: c.val = 9\n    return len(a)",
    ),
    insert_nine: Ok(
        "def insert_nine(head):\n    if head: head.next = ListNode(9, head.next)\n    head = None",
    ),
    mirror: Ok(
        "def mirror(root):\n    if root:\n        root.left, root.right = root.right, root.left\n        mirror(root.left); mirror(root.right)",
    ),
    has_cycle: Ok(
        "class Solution:\n    def hasCycle(self, head: Optional[ListNode]) -> bool:\n        seen = set()\n        while head:\n            if head in seen: return True\n            seen.add(head); head = head.next\n        return False",
    ),
    detect_cycle: Ok(
        "def detect_cycle(head):\n    seen = set()\n    while head and head not in seen: seen.add(head); head = head.next\n    return head",
    ),
    meet: Ok(
        "def meet(a, b):\n    seen = set()\n    while a: seen.add(a); a = a.next\n    while b and b not in seen: b = b.next\n    return b",
    ),
    delete_node: Ok("def deleteNode(node): node.val, node.next = node.next.val, node.next.next"),
    counter: Ok(r#"
class Counter:
    def __init__(self, start: int): self.n = start; self.list = []
    def addUp(self, n: int) -> None: self.n += n; return self
    def total(self) -> int: return self.n
    def keep(self, nums: List[int]) -> None:
        self.list = nums
        for i in range(len(nums)): nums[i] += 1
    def kept(self) -> List[int]: return self.list
"#),
    counter_own_style: Ok(r#"
class Counter:
    list: List[int]
    def __init__(self, start: int): self.n = start
    def add_up(self, n: int) -> int: self.n += n; return self.n
    def total(self) -> int: return self.n
    def keep(self, nums):
        self.list = nums
        nums[:] = [n + 1 for n in nums]
    def kept(self): return self.list
"#),
    codec: Ok(r#"
class Codec:
    def encode(self, strs: List[str]) -> str:
        return "".join(f"{len(s)}:{s}" for s in strs)
    def decode(self, s: str) -> List[str]:
        out = []
        while s:
            n, s = s.split(":", 1)
            out.append(s[:int(n)]); s = s[int(n):]
        return out
"#),
    shaky: Ok(r#"
class Shaky:
    def __init__(self, n):
        if n == 13: raise ValueError("no thirteen")
    def get(self, n):
        if n == 13: raise ValueError("no thirteen")
        while n == 99: pass
        return n
"#),
    no_json: Ok("class Shaky:\n    def __init__(self, n): pass\n    def get(self, n): return {1}"),
    no_method: Ok(
        "class Counter:\n    def __init__(self, n): pass\n    def addUp(self, n): pass\n    def keep(self, n): pass\n    def kept(self): pass",
    ),
    no_class: Ok("class Count:\n    pass"),
};

fn same_class(types: &[Type]) -> String {
    let method = |n: usize| format!("    def same{n}(self, x): return x\n");
    format!(
        "class Same:\n{}",
        (0..types.len()).map(method).collect::<String>()
    )
}
