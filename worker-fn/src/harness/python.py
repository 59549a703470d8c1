# The function harness for Python 3.8 and later.
#
# It reads the nonce and the cases, loads the user's code as a module `solution`,
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

import __future__, _thread, collections, json, os, sys, types

# Functions defined below look up builtins here, and not where a user's program
# may change them.
__builtins__ = dict(vars(sys.modules["builtins"]))


# What JSON cannot hold.
class Odd(Exception):
    pass


# What practice sites give without an import, besides the modules themselves; where
# two modules have a name, the later one wins. The second half is imported only for
# code that has one of the words, because that takes longer.
GIVEN = "string re math heapq bisect operator itertools functools collections".split()
RARE = {
    "typing": "Any Callable ClassVar Deque DefaultDict Dict Final FrozenSet Generator Generic Hashable Iterable Iterator List Literal Mapping MutableMapping NamedTuple NewType Optional Protocol Sequence Set Sized Tuple Type TypedDict TypeVar Union cast overload final get_type_hints runtime_checkable",
    "datetime": "date datetime timedelta timezone",
    "copy": "copy deepcopy",
    "random": "choice choices gauss getrandbits randint random randrange sample seed shuffle uniform",
    "statistics": "fmean geometric_mean mean median median_high median_low mode multimode pstdev pvariance quantiles stdev variance",
}
ALONE = ("sys", "os", "io", "json", "time")

# The views of a dictionary and the like, which people return for a list.
LISTS = (type({}.keys()), type({}.values()), type({}.items()), range, collections.deque)

# The file of the user's code, in which line numbers are the user's. It must not
# exist: Python would show its lines, and main.py is this file.
FILE = "/main.py"


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
    # The text of a whole number may have any length.
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
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
            if kind[0] not in "na" and not trail:
                raise Odd("nothing: the function returned no value, and printing one does not return it")
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
        if cls in LISTS and kind[0] == "l":
            cls, value = list, list(value)
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
                linecache.cache[FILE] = len(code), None, code.splitlines(True), FILE
                trace = error.__traceback__
                while trace and trace.tb_frame.f_code.co_filename != FILE:
                    trace = trace.tb_next
                calls, last = 0, trace
                while last:
                    calls, last = calls + 1, last.tb_next
                if calls > 200:
                    parts = ["Traceback (most recent call last):\n"]
                    parts += traceback.format_tb(trace, 3) + ["  ... %d more calls ...\n" % (calls - 6)]
                    parts += traceback.format_tb(trace, -3) + traceback.format_exception_only(type(error), error)
                else:
                    parts = traceback.format_exception(type(error), error, trace)
                text = "".join(parts).strip().replace('File "/', 'File "')
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

    # Gives the user's code what practice sites give; its own definitions take the
    # place of it.
    def give(binary):
        words, rest = set(), [binary]
        while rest:
            one = rest.pop()
            if isinstance(one, types.CodeType):
                words.update(one.co_names)
                rest += one.co_consts
        # These find names that are in no code yet.
        every = not words.isdisjoint(("eval", "exec", "globals"))
        given = {}
        for name in [*RARE, *GIVEN, *ALONE]:
            rare = RARE.get(name)
            if not rare and name in GIVEN or every or name in words or rare and not words.isdisjoint(rare.split()):
                module = __import__(name)
                public = () if name in ALONE else getattr(module, "__all__", None) or [word for word in vars(module) if word[0] != "_"]
                for word in public:
                    if word not in __builtins__:
                        given[word] = getattr(module, word)
                given[name] = module
        for name in [*RARE, *GIVEN]:
            if name in given and name in sys.modules:
                given[name] = sys.modules[name]
        space.update({**given, **space})
        return given

    def load():
        try:
            binary = compile(code, FILE, "exec", __future__.annotations.compiler_flag, True)
        except BaseException as error:
            fail("syntax", error)
        given = give(binary)
        try:
            exec(binary, space)
        except BaseException as error:
            fail("error", error)
        # A given function is the user's only if the code itself names it.
        for name in names:
            if callable(space.get(name)) and (name not in given or space[name] is not given[name]):
                return lambda: space[name]
        for name in names:
            if callable(getattr(space.get("Solution"), name, None)):
                # State that one case leaves behind is not there for the next.
                return lambda: getattr(space["Solution"](), name)
        for name in names:
            if callable(space.get(name)) and name in binary.co_names:
                return lambda: space[name]
        text = "The function `" + "` or `".join(dict.fromkeys(names)) + "` was not found in your code."
        frame(b"load", '!{"kind":"missing","text":%s}' % quote(text))
        end(1)

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

    # A stack on which recursion is safe in every way that goes through C: measured,
    # at most 3 KB a level; 6.4 KB are given. It is address space, of which only what
    # is used takes memory. Where there is none, everything stays as it was.
    wait = _thread.allocate_lock()
    wait.acquire()
    before = sys.getrecursionlimit()
    import resource
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    room = min([limit for limit in limits if limit >= 0], default=1 << 40)
    for mib in (1024, 512, 256, 128, 64):
        if mib << 22 > room and mib > 64:
            continue
        sys.setrecursionlimit(mib * 160)
        _thread.stack_size(mib << 20)
        try:
            _thread.start_new_thread(run, ())
            break
        except RuntimeError:
            pass
    else:
        sys.setrecursionlimit(before)
        run()
    # What was printed is passed on, because a limit may end the program at any time.
    # The endpoint may announce that with an interrupt.
    while True:
        try:
            wait.acquire(True, 0.05)
            stdout.flush()
        except KeyboardInterrupt:
            end(1)
        except BaseException:
            pass


harness(__NAMES__, __PARAMS__, __RETURNS__, __CODE__)
