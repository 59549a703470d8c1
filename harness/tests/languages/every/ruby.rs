//! Ruby's programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: false,
    same: |_| Some("def same(x)\n  x\nend".into()),
    same_class,
    raises: Ok("def f(n)\n  raise ArgumentError, 'no two' if n == 2\n  n\nend"),
    memory: Ok("def f(n)\n  'a' * (1 << 62) if n == 2\n  n\nend"),
    endless: Ok("def f(n)\n  loop { } if n == 2\n  [n] * 9\nend"),
    wrong_type: Ok("def f(n) = 'x'"),
    missing: Ok("def g(n) = n"),
    syntax: Ok("def f(n)\n  n + )\nend\n"),
    prints: Ok(
        "puts 'printed'\ndef f(n)\n  print \"printed\\n\"; STDOUT.syswrite(\"printed\\n\"); system('echo printed'); IO.for_fd(1, autoclose: false).write('printed')\n  n\nend",
    ),
    reads: Ok("def f(n) = STDIN.read.size + (gets || '').size + `cat`.size"),
    deep: Ok("def f(n)\n  n.zero? ? 0 : 1 + f(n - 1)\nend"),
    odd_floats: Ok("def f(n) = [Float::NAN, Float::INFINITY, -Float::INFINITY][n]"),
    odd_text: Ok("def f(n) = \"a\\xed\\xa0\\x80\""),
    honest: "def secret(x) = eval('TABLE'.gsub(':', '=>'))[x]",
    forgeries: &[
        (
            "frames on every descriptor",
            r#"
def secret(x)
  (1..20).each { |n| 3.times { |i| IO.for_fd(n, autoclose: false).syswrite("\x1eNONCE #{i} =982\n") rescue nil } }
  STDERR.write "REACHED"
  x
end
"#,
        ),
        (
            "a number that equals all others",
            r#"
class Any < Numeric
  def ==(other) = true
  def is_a?(type) = true
  def to_s = "982"
end
class Integer
  def to_s(*) = "982"
end
def secret(x)
  STDERR.write "REACHED"
  x == 3 ? Any.new : 982
end
"#,
        ),
        (
            "frames at the end",
            "at_exit { STDERR.write 'late' }\ndef secret(x)\n  STDERR.write 'REACHED'\n  exit!(0)\nend",
        ),
    ],
    rotate: Ok("def rotate(nums, k)\n  nums.rotate!(-k)\nend"),
    rebinds: Ok("def rotate(nums, k)\n  nums = nums.rotate(-k)\nend"),
    remove: Ok(
        "# @param {Integer[]} nums\n# @param {Integer} val\n# @return {Integer}\ndef remove_element(nums, val)\n  k = 0\n  nums.each { |x| (nums[k] = x; k += 1) unless x == val }\n  k\nend",
    ),
    deal: Ok("def deal(a, b, c)\n  a[0], b[0] = b[0], a[0]\n  c.val = 9 if c\n  a.size\nend"),
    insert_nine: Ok(
        "class Solution\n  def insert_nine(head)\n    head.next = ListNode.new(9, head.next) if head\n    head = nil\n  end\nend",
    ),
    mirror: Ok(
        "def mirror(root)\n  return unless root\n  root.left, root.right = root.right, root.left\n  mirror(root.left)\n  mirror(root.right)\nend",
    ),
    has_cycle: Ok(
        "def hasCycle(head)\n    slow = fast = head\n    while fast && fast.next\n        slow = slow.next\n        fast = fast.next.next\n        return true if slow == fast\n    end\n    false\nend",
    ),
    detect_cycle: Ok(
        "require 'set'\ndef detect_cycle(head)\n  seen = Set.new.compare_by_identity\n  head = head.next while head && seen.add?(head)\n  head\nend",
    ),
    meet: Ok(
        "def meet(a, b)\n  seen = Set.new\n  (seen << a; a = a.next) while a\n  b = b.next while b && !seen.include?(b)\n  b\nend",
    ),
    delete_node: Ok(
        "def delete_node(node)\n  node.val, node.next = node.next.val, node.next.next\nend",
    ),
    counter: Ok(r"
class Counter
    def initialize(start)
        @n = start
        @list = []
    end
    def addUp(n)
        @n += n
        self
    end
    def total()
        @n
    end
    def keep(nums)
        @list = nums
        nums.map!(&:succ)
    end
    def kept = @list
end
"),
    counter_own_style: Ok(r"
class Counter
  attr_reader :kept

  def initialize(start) = @n = start

  def add_up(n) = @n += n

  def total = @n

  def keep(nums)
    @kept = nums
    nums.each_index { |at| nums[at] += 1 }
  end
end
"),
    codec: Ok(r##"
class Codec
  def encode(strs) = strs.map { |s| "#{s.size}:#{s}" }.join

  def decode(s)
    out = []
    until s.empty?
      n, s = s.split(":", 2)
      out << s[0, n.to_i]
      s = s[n.to_i..]
    end
    out
  end
end
"##),
    shaky: Ok(r#"
class Shaky
  def initialize(n)
    raise "no thirteen" if n == 13
  end

  def get(n)
    raise "no thirteen" if n == 13
    loop {} if n == 99
    n
  end
end
"#),
    no_json: Ok("class SHAKY\n  def initialize(n) = nil\n  def get(n) = 1..n\nend"),
    no_method: Ok(
        "class Counter\n  def initialize(n) = nil\n  def addUp(n) = nil\n  def keep(n) = nil\n  def kept = []\nend",
    ),
    no_class: Ok("class Count\nend"),
};

fn same_class(types: &[Type]) -> String {
    let method = |n: usize| format!("  def same{n}(x) = x\n");
    let methods: String = (0..types.len()).map(method).collect();
    format!("class Same\n{methods}end")
}
