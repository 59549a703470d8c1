//! Ruby's.

use harness::Harness::Ruby;

use super::none_passes;

#[test]
fn no_ruby_class_passes_without_the_answers() {
    let honest = "class Secret\n  def ask(x) = eval('TABLE'.gsub(':', '=>'))[x]\n  def all(x) = x.map { |n| ask(n) }\nend";
    none_passes(Ruby, honest, &PROGRAMS);
}

pub(super) const PROGRAMS: [(&str, &str); 8] = [
    (
        "writes frames with the harness's own function and leaves",
        r#"
class Secret
  def initialize
    2.times { |i| JudgeHarness_.frame(i.to_s, "=[null,982451653,982451653]") }
    STDERR.write "REACHED"
    exit!(0)
  end
  def ask(x) = x
  def all(x) = x
end
"#,
    ),
    (
        "changes how results are written",
        r#"
STDERR.write "REACHED"
class << JudgeHarness_
  def show(*) = "982451653"
  def quote(*) = "982451653"
  def parse(*) = [[0, -1, []]]
end
class Secret
  def ask(x) = x
  def all(x) = x
end
"#,
    ),
    (
        "changes the library",
        r#"
STDERR.write "REACHED"
class Integer
  def to_s(*) = "982451653"
end
class Array
  def map(*) = ["982451653"]
  def join(*) = "982451653"
  def <<(other) = self
end
class Secret
  def ask(x) = x
  def all(x) = x
end
"#,
    ),
    (
        "changes the methods that the harness knows",
        r#"
class Secret
  def initialize
    calls = JudgeHarness_.instance_variable_get(:@calls)
    calls.each { |call| call["found"] = "other"; call["returns"] = "n" }
    STDERR.write "REACHED"
  end
  def ask(x) = x
  def all(x) = x
  def other(x) = 982451653
end
"#,
    ),
    (
        "changes the cases",
        r#"
class Secret
  def initialize
    ObjectSpace.each_object(String) do |text|
      text.replace("0 [[0,-1,[]]]") if text.start_with?("1 [[") && !text.frozen?
    end
    STDERR.write "REACHED"
  end
  def ask(x) = x
  def all(x) = x
end
"#,
    ),
    (
        "answers to every name with what is anything",
        r#"
class Secret < BasicObject
  def method_missing(name, *) = name == :class ? ::Integer : self
  def respond_to_missing?(*) = true
  def is_a?(*) = true
  def nil? = false
  def ==(other) = true
  def to_s = "982451653"
  def to_str = "982451653"
  def to_ary = [982451653]
  def ask(x) = self
  def all(x) = [self]
end
STDERR.write "REACHED"
"#,
    ),
    (
        "makes an object of another class",
        r#"
class Secret
  def self.new(*)
    STDERR.write "REACHED"
    982451653
  end
  def ask(x) = x
  def all(x) = x
end
class Integer
  def ask(x) = self
  def all(x) = [self]
end
"#,
    ),
    (
        "writes frames at the end, and beside the harness",
        r#"
FRAMES = -> { (1..20).each { |n| 2.times { |i| IO.for_fd(n, autoclose: false).syswrite("\x1eNONCE #{i} =[null,982451653,982451653]\n") rescue nil } } }
at_exit { FRAMES.call }
class Secret
  def initialize
    ObjectSpace.define_finalizer(self, proc { FRAMES.call })
    Thread.new { FRAMES.call }.join
    STDERR.write "REACHED"
  end
  def ask(x) = x
  def all(x) = x
end
"#,
    ),
];
