# The harness for Ruby 2.7 and later: functions and classes.
#
# It reads the nonce and the cases, evaluates the user's code at the top level, calls
# what the plan says for every case and writes one frame a case; lib.rs says how they
# look. __PLAN__ (a JSON text, see plan.rs) and __CODE__ are filled in by mod.rs.
# build.rs leaves the comments and the indentation out.

# How deep recursion can go is set when Ruby starts: 1 MB is for fewer than 10,000
# calls, 64 MB are for 600,000, or 250,000 blocks. An endpoint that sets the
# variable saves the second start, which takes 40 ms.
unless ENV["RUBY_THREAD_VM_STACK_SIZE"]
  begin
    room = [Process::RLIMIT_AS, Process::RLIMIT_DATA].map { |kind| Process.getrlimit(kind)[0] }.min
    most = Process.getrlimit(Process::RLIMIT_STACK)[1]
    mib = room < (1 << 30) ? 16 : 64
    Process.setrlimit(Process::RLIMIT_STACK, [mib << 22, most].min, most)
    exec({"RUBY_THREAD_VM_STACK_SIZE" => (mib << 20).to_s}, RbConfig.ruby, "--disable-did_you_mean", __FILE__)
  rescue SystemCallError
    nil
  end
end

require "json"

module JudgeHarness_
  # What JSON cannot hold.
  class Odd < StandardError
  end

  # The file of the user's code, in which line numbers are the user's. It must not
  # exist: main.rb is this file.
  FILE = "/main.rb"
  MAIN = TOPLEVEL_BINDING.receiver
  ESCAPES = Hash.new { |_, letter| "\\u%04x" % letter.ord }.update("\"" => "\\\"", "\\" => "\\\\")
  NOTHING = "nothing: the function returned no value, and printing one does not return it"

  class << self
    def start(plan, code)
      plan = JSON.parse(plan)
      @class, @calls, @code = plan["class"], plan["calls"], code
      @nonce, *lines = STDIN.binmode.read.force_encoding("UTF-8").split("\n")
      # The real standard output is kept here; what the user prints, in any process,
      # goes to standard error at once. Standard input is at its end for good.
      @out = STDOUT.dup
      @out.sync = true
      STDOUT.reopen(STDERR)
      STDOUT.sync = true
      empty, last = IO.pipe
      last.close
      STDIN.reopen(empty)
      empty.close
      ENV.delete("RUBY_THREAD_VM_STACK_SIZE")
      Encoding.default_external = "UTF-8"
      $0 = "judge"
      begin
        load_code
        find_methods(@type) if @class && lines.empty?
        @progress = @class && lines.size == 1
        lines.each do |line|
          index, text = line.split(" ", 2)
          frame(index, one(index, text))
        end
        finish(0)
      ensure
        # Neither exit handlers nor threads that the user left behind matter.
        finish(1)
      end
    end

    def finish(code)
      $stdout.flush rescue nil
      exit!(code)
    end

    def frame(index, text)
      @out.write("\x1e#{@nonce} #{index} #{text}\n")
    end

    def fail(kind, text)
      frame("load", "!" + trouble(kind, text))
      finish(1)
    end

    # Comments are no definitions; an embedded document that has one is put right
    # after the code was loaded.
    def give(only_absent)
      {"ListNode" => [:val, :next], "TreeNode" => [:val, :left, :right]}.each do |name, fields|
        next if only_absent ? Object.const_defined?(name) : @code =~ /^\s*(class\s+#{name}\b|#{name}\s*=)/
        node = Class.new do
          attr_accessor(*fields)
          define_method(:initialize) do |val = 0, *links|
            @val = val
            fields.drop(1).zip(links) { |field, link| instance_variable_set("@#{field}", link) }
          end
        end
        Object.const_set(name, node)
      end
    end

    def load_code
      require "set" if @code.include?("Set")
      give(false)
      begin
        TOPLEVEL_BINDING.eval(@code, FILE)
      rescue SyntaxError => error
        fail("syntax", error.message.gsub(FILE + ":", FILE[1..] + ":"))
      rescue Exception => error
        fail(*kind_and_text(error))
      end
      give(true)
      @class ? find_class : find_function
    end

    def find_class
      names = Object.constants.map(&:to_s)
      name = names.find { |one| one == @class } || names.find { |one| one.casecmp?(@class) && Object.const_get(one).is_a?(Class) }
      fail("missing", "The class `#{@class}` was not found in your code.") unless name && Object.const_get(name).is_a?(Class)
      @type = Object.const_get(name)
    end

    # The names by which an object has the methods, be it that its constructor made
    # them, or that it answers to every name. `own`: its singleton class, or where
    # without a case there is none, its class.
    def find_methods(own)
      any = own?(own, "method_missing")
      @calls.drop(1).each do |call|
        call["found"] = call["names"].find { |one| own?(own, one) } || (call["names"].last if any)
        next if call["found"]
        @call = nil
        fail("missing", "The method `#{call["names"].join("` or `")}` of the class `#{@class}` was not found in your code.")
      end
      @found = true
    end

    # Whether a class has a method that is not every object's, such as `display`.
    def own?(type, name)
      return false unless type.method_defined?(name) || type.private_method_defined?(name)
      owner = type.instance_method(name).owner
      owner != Kernel && owner != BasicObject && (owner != Object || type == Object)
    end

    def find_function
      call = @calls[0]
      names = call["names"]
      if (name = names.find { |one| own?(MAIN.singleton_class, one) || own?(Object, one) })
        @target = -> { MAIN.method(name) }
      elsif (name = names.find { |one| Object.const_defined?(:Solution) && Solution.is_a?(Class) && own?(Solution, one) })
        # State that one case leaves behind is not there for the next.
        @target = -> { Solution.new.method(name) }
      elsif (name = names.find { |one| TOPLEVEL_BINDING.local_variable_defined?(one) && TOPLEVEL_BINDING.local_variable_get(one).respond_to?(:call) })
        @target = -> { TOPLEVEL_BINDING.local_variable_get(name) }
      else
        fail("missing", "The function `#{names.join("` or `")}` was not found in your code.")
      end
    end

    # One case, as a frame's mark and JSON.
    def one(index, text)
      @call = nil
      input = parse(text)
      return "=" + answer(@calls[0], @target.call, arguments(@calls[0], input)) unless @class
      objects, answers = {}, []
      @progress &&= input.size <= 1000
      input.each_with_index do |(object, method, refs, *values), number|
        @call = number
        frame(index, ">#{number}") if @progress
        call = @calls[method + 1]
        refs.each_with_index { |from, at| values[at] = parse(answers[from]) if from >= 0 }
        values = arguments(call, values)
        if method < 0
          objects[object] = @type.new(*values.map(&:first))
          find_methods(class << objects[object]; self; end) unless @found
          answers << "null"
        else
          answers << answer(call, ->(*passed) { objects[object].__send__(call["found"], *passed) }, values)
        end
      end
      "=[" + answers.join(",") + "]"
    rescue Interrupt
      finish(1)
    rescue Odd => odd
      text = quote(odd.message)
      "?" + (@call ? "{\"text\":#{text},\"call\":#{@call}}" : text)
    rescue Exception => error
      "!" + trouble(*kind_and_text(error))
    end

    def parse(text)
      JSON.parse(text, max_nesting: false, allow_nan: true)
    end

    # A pair for each argument: what is passed, and what is read after the call. They
    # differ for the node of a list that is not its head.
    def arguments(call, values)
      lists = []
      call["params"].each_with_index.map do |kind, at|
        if kind[0] == "c"
          nodes, passed = linked(values[at], kind[1..], lists)
          lists[at] = nodes
          [passed, nodes[0] || passed]
        else
          value = build(values[at], kind)
          [value, value]
        end
      end
    end

    def answer(call, target, values)
      result = target.call(*values.map(&:first))
      parts = []
      parts << (call["returns"] == "n" && @class ? "null" : show(result, call["returns"], [])) if call["returned"]
      call["arguments"].each { |at| parts << show(values[at][1], call["params"][at], []) }
      parts.size == 1 ? parts[0] : "[" + parts.join(",") + "]"
    end

    # The nodes of a list that may have a cycle or end in another one's, and the one
    # that is passed. An answer that becomes an argument may be an array.
    def linked(value, of, lists)
      value = {"values" => value} if value.is_a?(Array)
      nodes = value["values"].map { |item| ListNode.new(build(item, of)) }
      nodes.each_cons(2) { |node, after| node.next = after }
      cycle, joins = value["cycle"] || -1, value["joins"] || []
      nodes.last.next = nodes[cycle] if cycle >= 0
      rest = lists[joins[0]][joins[1]] unless joins.empty?
      nodes.last.next = rest if rest && !nodes.empty?
      [nodes, nodes.empty? ? rest : nodes[value["node"] || 0]]
    end

    # From JSON to an argument.
    def build(value, kind)
      of = kind[1..]
      case kind[0]
      when "f" then value.to_f
      when "l" then value.map { |item| build(item, of) }
      when "m" then value.transform_values { |item| build(item, of) }
      when "k" then linked(value, of, [])[0][0]
      when "t"
        nodes = value.map { |item| item.nil? ? nil : TreeNode.new(build(item, of)) }
        at = 0
        nodes.each do |node|
          next unless node
          node.left = nodes[at += 1]
          node.right = nodes[at += 1]
        end
        nodes[0]
      else value
      end
    end

    # From a result to JSON. `trail`: what `value` is within.
    def show(value, kind, trail)
      of = kind[1..]
      return list(value, kind) if "kc".include?(kind[0])
      return tree(value, of) if kind[0] == "t"
      case value
      when nil
        raise Odd, NOTHING unless "na".include?(kind[0]) || !trail.empty?
        "null"
      when true then "true"
      when false then "false"
      when Integer
        raise Odd, "a whole number beyond 64 bits" unless value.bit_length < 64
        value.to_s
      when Float
        raise Odd, value.to_s unless value.finite? || kind == "f"
        value.to_s
      when String, Symbol then quote(value)
      when Array, Hash
        raise Odd, "a cycle" if trail.any? { |one| one.equal?(value) }
        raise Odd, "nested deeper than 64" if trail.size == 64
        trail += [value]
        if value.is_a?(Array)
          of = kind[0] == "l" ? of : "a"
          "[" + value.map { |item| show(item, of, trail) }.join(",") + "]"
        else
          of = kind[0] == "m" ? of : "a"
          "{" + value.map { |key, item| key_text(key) + ":" + show(item, of, trail) }.join(",") + "}"
        end
      else raise Odd, "a value of type #{value.class}"
      end
    end

    def key_text(key)
      raise Odd, "a key of type #{key.class}" unless key.is_a?(String) || key.is_a?(Symbol)
      quote(key)
    end

    def quote(value)
      text = value.to_s
      text = text.encoding == Encoding::BINARY ? text.dup.force_encoding("UTF-8") : text.encode("UTF-8")
      unless text.valid_encoding?
        raise Odd, text.b.match?(/\xed[\xa0-\xbf]/n) ? "a lone surrogate" : "text that is not UTF-8"
      end
      "\"" + text.gsub(/["\\\x00-\x1f]/, ESCAPES) + "\""
    rescue EncodingError
      raise Odd, "text that is not UTF-8"
    end

    def check_node(node, field)
      raise Odd, "a value of type #{node.class}" unless node.respond_to?(:val) && node.respond_to?(field)
      raise Odd, "a node without a value" if node.val.nil?
    end

    # Linked nodes to JSON. Only lists of `linked_nodes` may have a cycle.
    def list(node, kind)
      parts, seen = [], {}.compare_by_identity
      until node.nil? || seen.key?(node)
        check_node(node, :next)
        seen[node] = parts.size
        parts << show(node.val, kind[1..], [])
        node = node.next
      end
      text = "[" + parts.join(",") + "]"
      return text if node.nil?
      raise Odd, "a cycle" if kind[0] == "k"
      "{\"values\":#{text},\"cycle\":#{seen[node]}}"
    end

    # A tree in level order.
    def tree(root, of)
      row, parts, seen = [root], [], {}.compare_by_identity
      row.each do |node|
        next parts << "null" if node.nil?
        raise Odd, "a cycle" if seen.key?(node)
        check_node(node, :left)
        seen[node] = true
        parts << show(node.val, of, [])
        row.push(node.left, node.right)
      end
      parts.pop while parts.last == "null"
      "[" + parts.join(",") + "]"
    end

    def trouble(kind, text)
      text = text.dup.force_encoding("UTF-8").scrub
      text = text.byteslice(0, 500).scrub("") + "\n...\n" + text.byteslice(-1300..).scrub("") if text.bytesize > 1900
      "{\"kind\":#{quote(kind)},\"text\":#{quote(text)}" + (@call ? ",\"call\":#{@call}}" : "}")
    end

    def kind_and_text(error)
      return "memory", "failed to allocate memory (NoMemoryError)" if error.is_a?(NoMemoryError)
      ["error", said(error)]
    rescue Exception
      ["error", error.class.to_s]
    end

    # As Ruby prints an exception that nothing rescues, without the harness's frames.
    def said(error)
      first, rest = error.message.to_s.split("\n", 2)
      frames = (error.backtrace || []).select { |line| line.start_with?(FILE + ":") }
      frames.map! { |line| line[1..] }
      frames = frames.first(5) + ["... #{frames.size - 10} more ..."] + frames.last(5) if frames.size > 30
      text = [frames.first, "#{first} (#{error.class})"].compact.join(": ")
      text << "\n" << rest if rest
      frames.drop(1).each { |line| text << "\n\tfrom " << line }
      text.gsub(FILE + ":", FILE[1..] + ":")
    end
  end
end

JudgeHarness_.start(__PLAN__, __CODE__)
