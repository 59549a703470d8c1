# The function harness for Python 3.8 and later.
#
# It reads the nonce and the cases, loads the user's code as a module
# `solution` (file name `solution.py`, so that line numbers are the user's),
# calls the function for every case and writes one frame a case:
#
#   \x1e<nonce> <index> <mark><json>\n
#
# `=` the value, `?` it is no JSON (a JSON string says why), `!` it was raised
# (an object: kind, text). Index `load`: the code did not come to any case.
#
# build.rs leaves the comments out; __NAMES__ and so on are filled in by
# source.rs. Types are in prefix notation: i f s b n a, and l m k t for list,
# map, linked list and tree of what follows.

import __future__, _thread, json, os, sys, types

# Functions defined below look up builtins here, and not where a user's program
# may change them.
__builtins__ = dict(vars(sys.modules["builtins"]))


# What JSON cannot hold.
class Odd(Exception):
    pass


class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next


class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val = val
        self.left = left
        self.right = right


def harness(names, params, returns, code):
    decode = json.JSONDecoder().decode
    quote = json.encoder.encode_basestring_ascii
    write, leave = os.write, os._exit
    stdout, stderr = sys.stdout, sys.stderr
    nonce, *lines = sys.stdin.buffer.read().split(b"\n")
    # The real standard output is kept here; what the user prints, however deep
    # down, goes to standard error. Standard input is at its end for good.
    out = os.dup(1)
    os.dup2(2, 1)
    empty, end = os.pipe()
    os.dup2(empty, 0)
    os.close(empty)
    os.close(end)
    module = types.ModuleType("solution")
    space = vars(module)
    space.update(ListNode=ListNode, TreeNode=TreeNode)
    sys.modules["solution"] = module

    def frame(index, text):
        rest = b"\x1e%s %s %s\n" % (nonce, index, text.encode())
        while rest:
            rest = rest[write(out, rest):]

    # From JSON to an argument.
    def build(value, kind):
        of = kind[1:]
        if kind == "f":
            return float(value)
        if kind[0] == "l":
            return [build(item, of) for item in value]
        if kind[0] == "m":
            return {key: build(item, of) for key, item in value.items()}
        if kind[0] == "k":
            head = None
            for item in reversed(value):
                node = space["ListNode"](build(item, of))
                node.next = head
                head = node
            return head
        if kind[0] == "t":
            nodes = [None if item is None else space["TreeNode"](build(item, of)) for item in value]
            rest = iter(nodes[1:])
            for node in nodes:
                if node is not None:
                    node.left = next(rest, None)
                    node.right = next(rest, None)
            return nodes[0] if nodes else None
        return value

    # From a result to JSON. Classes that derive from JSON's own are read with
    # the methods of those. `trail`: the ids of what `value` is within.
    def show(value, kind, trail):
        cls, of = type(value), kind[1:]
        if kind[0] in "kt":
            return nodes(value, kind)
        if value is None:
            return "null"
        if cls is bool:
            return "true" if value else "false"
        if issubclass(cls, int):
            value = int.__add__(value, 0)
            if not -1 << 63 <= value < 1 << 63:
                raise Odd("a whole number beyond 64 bits")
            return str(value)
        if issubclass(cls, float):
            text = float.__repr__(value)
            if text[-1] in "nf":
                raise Odd(text)
            return text
        if issubclass(cls, str):
            return string(value)
        if id(value) in trail:
            raise Odd("a cycle")
        trail = trail + (id(value),)
        if len(trail) > 64 and issubclass(cls, (list, tuple, dict)):
            raise Odd("nested deeper than 64")
        base = list if issubclass(cls, list) else tuple
        if issubclass(cls, base):
            of = of if kind[0] == "l" else "a"
            return "[" + ",".join([show(item, of, trail) for item in base.__iter__(value)]) + "]"
        if issubclass(cls, dict):
            of = of if kind[0] == "m" else "a"
            parts = []
            for key, item in dict.items(value):
                if not issubclass(type(key), str):
                    raise Odd("a key of type " + type(key).__name__)
                parts.append(string(key) + ":" + show(item, of, trail))
            return "{" + ",".join(parts) + "}"
        raise Odd("a value of type " + cls.__name__)

    def string(value):
        text = str.__str__(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Odd("a lone surrogate") from None
        return quote(text)

    # Linked nodes to a JSON array. A tree is read in level order.
    def nodes(value, kind):
        tree = kind[0] == "t"
        row, parts, seen = [value], [], set()
        for node in row:
            if node is None:
                parts.append("null")
                continue
            if id(node) in seen:
                raise Odd("a cycle")
            seen.add(id(node))
            if not hasattr(node, "val") or not hasattr(node, "left" if tree else "next"):
                raise Odd("a value of type " + type(node).__name__)
            if node.val is None:
                raise Odd("a node without a value")
            parts.append(show(node.val, kind[1:], ()))
            row += [node.left, node.right] if tree else [node.next]
        while parts and parts[-1] == "null":
            parts.pop()
        return "[" + ",".join(parts) + "]"

    # What was raised, in a frame's words, without the frames of the harness.
    def trouble(kind, error):
        if issubclass(type(error), MemoryError):
            kind, text = "memory", "MemoryError"
        else:
            try:
                import linecache, traceback
                linecache.cache["solution.py"] = len(code), None, code.splitlines(True), "solution.py"
                trace = error.__traceback__
                while trace and trace.tb_frame.f_code.co_filename != "solution.py":
                    trace = trace.tb_next
                text = "".join(traceback.format_exception(type(error), error, trace)).strip()
            except BaseException:
                text = type(error).__name__
            if len(text) > 1900:
                text = text[:500] + "\n...\n" + text[-1300:]
        return '!{"kind":%s,"text":%s}' % (quote(kind), quote(text))

    # Neither exit handlers nor threads that the user left behind matter.
    def end(code):
        try:
            stdout.flush()
            stderr.flush()
        finally:
            leave(code)

    def fail(kind, error):
        frame(b"load", trouble(kind, error))
        end(1)

    def load():
        # Practice sites give these names without an import.
        if "typing" not in code and any(name + "[" in code for name in ("List", "Dict", "Optional", "Set", "Tuple")):
            exec("from typing import *", space)
        try:
            binary = compile(code, "solution.py", "exec", __future__.annotations.compiler_flag, True)
        except BaseException as error:
            fail("syntax", error)
        try:
            exec(binary, space)
        except BaseException as error:
            fail("error", error)
        for name in names:
            if callable(space.get(name)):
                return lambda: space[name]
        for name in names:
            if callable(getattr(space.get("Solution"), name, None)):
                # State that one case leaves behind is not there for the next.
                return lambda: getattr(space["Solution"](), name)
        fail("missing", NameError("There is no function " + " or ".join(names) + "."))

    def case(find, text):
        try:
            found = find()
            return "=" + show(found(*map(build, decode(text.decode()), params)), returns, ())
        except Odd as odd:
            return "?" + quote(str(odd))
        except BaseException as error:
            return trouble("error", error)

    def run():
        try:
            find = load()
            for line in lines:
                if line:
                    index, text = line.split(b" ", 1)
                    frame(index, case(find, text))
            end(0)
        finally:
            end(1)

    # A stack on which recursion this deep is safe in every way of recursing that
    # goes through C: measured, at most 3 KB a level. Where there is not that
    # much address space, everything stays as it was.
    wait = _thread.allocate_lock()
    wait.acquire()
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10000)
    _thread.stack_size(64 << 20)
    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        sys.setrecursionlimit(before)
        run()
    wait.acquire()


harness(__NAMES__, __PARAMS__, __RETURNS__, __CODE__)
