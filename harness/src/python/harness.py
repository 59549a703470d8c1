# The function harness for Python 3.8 and later.
#
# It reads the nonce and the cases, loads the user's code as a module `solution`,
# calls the function for every case (or the class's constructor and methods, as the
# case says) and writes one frame a case:
#
#   \x1e<nonce> <index> <mark><json>\n
#
# `=` the value (where the signature says float, also NaN, Infinity and -Infinity,
# which JSON has not), `?` it is no JSON (a JSON string says why), `!` it was raised
# (an object: kind, text). Index `load`: the code did not come to any case. `>` the
# number of a class's call that begins, where there is only one case; where a call
# fails, its number is in the frame.
#
# build.rs leaves the comments out; __NAMES__ and so on are filled in by
# python/mod.rs. Types are in prefix notation: i f s b n a, and l m k c t for list,
# map, linked list, linked nodes and tree of what follows. The function's answer is
# what is returned, where `returned` says so, and the arguments at `positions` after the
# call: an array, if these are several values. The methods of a class are [names, types
# of parameters, type of result] each.

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


def harness(names, params, returns, returned, positions, methods, code):
    decode = json.JSONDecoder().decode
    quote = json.encoder.encode_basestring_ascii
    write, leave = os.write, os._exit
    stdout, stderr = sys.stdout, sys.stderr
    # The text of a whole number may have any length.
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    nonce, *lines = sys.stdin.buffer.read().split(b"\n")
    count = len(list(filter(None, lines)))
    alone = count == 1
    # The real standard output is kept here; what the user prints, however deep
    # down, goes to standard error. Standard input is at its end for good.
    out = os.dup(1)
    os.dup2(2, 1)
    empty, end = os.pipe()
    os.dup2(empty, 0)
    os.close(empty)
    os.close(end)
    callee = "method" if methods else "function"
    # The names of a class's methods, which its first object tells.
    known = []
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

    # The arguments of a call, and what the answer is read from: of linked nodes the
    # head, which may not be what is passed.
    def arguments(values, kinds):
        passed, roots, rows = [], [], []
        for value, kind in zip(values, kinds):
            row = []
            if kind[0] == "c":
                # What an earlier call returned may be an array.
                if type(value) is list:
                    value = {"values": value}
                row = [space["ListNode"](build(item, kind[1:])) for item in value["values"]]
                own, cycle, joins = len(row), value.get("cycle", -1), value.get("joins")
                if joins:
                    row += rows[joins[0]][joins[1]:]
                for at in range(own):
                    row[at].next = row[at + 1] if at + 1 < len(row) else row[cycle] if cycle >= 0 else None
                roots.append(row[0] if row else None)
                passed.append(row[value.get("node", 0)] if row else None)
            else:
                roots.append(build(value, kind))
                passed.append(roots[-1])
            rows.append(row)
        return passed, roots

    # From a result to JSON. Classes that derive from JSON's own are read with
    # the methods of those. `trail`: the ids of what `value` is within.
    def show(value, kind, trail):
        cls, of = type(value), kind[1:]
        if kind[0] in "kct":
            return nodes(value, kind)
        if value is None:
            if kind[0] not in "na" and not trail:
                raise Odd("nothing: the " + callee + " returned no value, and printing one does not return it")
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
                if kind != "f":
                    raise Odd(text)
                return "NaN" if text == "nan" else text.replace("inf", "Infinity")
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
        row, parts, seen = [value], [], {}
        for node in row:
            if node is None:
                parts.append("null")
                continue
            if id(node) in seen:
                if kind[0] == "c":
                    return '{"values":[%s],"cycle":%d}' % (",".join(parts), seen[id(node)])
                raise Odd("a cycle")
            seen[id(node)] = len(parts)
            if not hasattr(node, "val") or not hasattr(node, "left" if tree else "next"):
                raise Odd("a value of type " + type(node).__name__)
            if node.val is None:
                raise Odd("a node without a value")
            parts.append(show(node.val, kind[1:], ()))
            row += [node.left, node.right] if tree else [node.next]
        while parts and parts[-1] == "null":
            parts.pop()
        return "[" + ",".join(parts) + "]"

    # What was raised, in a frame's words, without the frames of the harness. `call`:
    # which one of a class's, as the last member.
    def trouble(kind, error, call=""):
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
        return '!{"kind":%s,"text":%s%s}' % (quote(kind), quote(text), call)

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
        if methods:
            return load_class(given)
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
        missing("function", names)

    def missing(what, names, of=""):
        text = "The " + what + " `" + "` or `".join(dict.fromkeys(names)) + "`" + of + " was not found in your code."
        frame(b"load", '!{"kind":"missing","text":%s}' % quote(text))
        end(1)

    # The class, before whose methods stands its constructor.
    def load_class(given):
        name = names[0]
        found = space.get(name)
        if not isinstance(found, type) or found is given.get(name):
            missing("class", names)
        return found

    # The name by which an object has a method, be it one that its constructor made.
    def named(made, several):
        for one in several:
            if callable(getattr(made, one, None)):
                return one
        missing("method", several, " of the class `" + names[0] + "`")

    def case(find, index, text):
        call = ""
        try:
            values = decode(text.decode())
            if not methods:
                passed, roots = arguments(values, params)
                result = find()(*passed)
                parts = [show(result, returns, ())] if returned else []
                parts += [show(roots[at], params[at], ()) for at in positions]
                return "=" + (parts[0] if len(parts) == 1 else "[" + ",".join(parts) + "]")
            objects, texts = {}, []
            told = alone and len(values) <= 1000
            for number, (which, method, refs, *values) in enumerate(values):
                call = ',"call":%d' % number
                if told:
                    frame(index, ">%d" % number)
                if refs:
                    values = [value if ref < 0 else decode(texts[ref]) for ref, value in zip(refs, values)]
                if method < 0:
                    objects[which] = find(*arguments(values, params)[0])
                    texts.append("null")
                    if not known:
                        known[:] = [named(objects[which], several) for several, _, _ in methods]
                    continue
                _, kinds, returns_now = methods[method]
                result = getattr(objects[which], known[method])(*arguments(values, kinds)[0])
                texts.append("null" if returns_now == "n" else show(result, returns_now, ()))
            return "=[" + ",".join(texts) + "]"
        except Odd as odd:
            return '?{"text":%s%s}' % (quote(str(odd)), call) if call else "?" + quote(str(odd))
        except BaseException as error:
            return trouble("error", error, call)

    def run():
        try:
            find = load()
            # Without a case no object tells which methods are missing.
            if methods and not count:
                for several, _, _ in methods:
                    named(find, several)
            for line in lines:
                if line:
                    index, text = line.split(b" ", 1)
                    frame(index, case(find, index, text))
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


harness(__NAMES__, __PARAMS__, __RETURNS__, __ANSWER__, __METHODS__, __CODE__)
