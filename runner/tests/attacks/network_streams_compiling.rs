//! Programs that use the network, that use their streams in unusual ways, and
//! sources that attack the compiler.

use crate::attack::Attack;
use crate::attack::Expect::{CompileError, Exits, LimitExceeded, Prints};

pub const NETWORK: &[Attack] = &[
    Attack(
        "TCP to the machine",
        "python",
        "import socket
try: socket.create_connection(('127.0.0.1', {tcp}), 1); print('connected')
except OSError as error: print(error.errno)",
        "",
        Prints("1"),
    ),
    Attack(
        "TCP by the shell",
        "bash",
        "echo x > /dev/tcp/127.0.0.1/{tcp}",
        "",
        Exits(1),
    ),
    Attack(
        "cloud metadata",
        "python",
        "import urllib.request
try: print(urllib.request.urlopen('http://169.254.169.254/latest/meta-data', timeout=2).read())
except OSError as error: print('refused')",
        "",
        Prints("refused"),
    ),
    Attack(
        "UDP to the machine",
        "python",
        "import socket
try: socket.socket(2, 2).sendto(b'x', ('127.0.0.1', {udp})); print('sent')
except OSError as error: print(error.errno)",
        "",
        Prints("1"),
    ),
    Attack(
        "netlink, packets, raw, vsock",
        "python",
        "import socket
for family, kind in ((16, 3), (17, 3), (2, 3), (10, 3), (40, 1), (38, 5), (1, 2)):
    try: socket.socket(family, kind); print('made')
    except OSError as error: print(error.errno, end=' ')",
        "",
        Prints("1 1 1 1 1 1 1"),
    ),
    Attack(
        "unix socket by path",
        "python",
        "import socket
try: s = socket.socket(1, 1); s.connect('{socket}'); print('connected')
except OSError as error: print(error.errno)",
        "",
        Prints("1"),
    ),
    Attack(
        "abstract unix socket",
        "python",
        "import socket
try: s = socket.socket(1, 1); s.connect('\\0{abstract}'); print('connected')
except OSError as error: print(error.errno)",
        "",
        Prints("1"),
    ),
    // The ends of a socket pair must not connect elsewhere.
    Attack(
        "a socket pair connected elsewhere",
        "python",
        "import socket
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
for address in ('{socket}', '\\0{abstract}'):
    try: a.connect(address); print('connected')
    except OSError as error: print(error.errno)
    try: a.sendto(b'x', address); print('sent')
    except OSError as error: print(error.errno)",
        "",
        Prints("2\n2\n111\n111"),
    ),
    Attack(
        "bind and listen",
        "python",
        "import socket
try: s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen(); print('listening')
except OSError as error: print(error.errno)",
        "",
        Prints("1"),
    ),
    Attack(
        "names looked up",
        "python",
        "import socket
try: print(socket.getaddrinfo('example.com', 80))
except OSError: print('refused')",
        "",
        Prints("refused"),
    ),
    Attack(
        "a socket pair within",
        "python",
        "import socket
a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))",
        "",
        Prints("b'x'"),
    ),
];

pub const STREAMS: &[Attack] = &[
    Attack("NUL and what is not UTF-8", "python", "import os; os.write(1, b'a\\x00b\\xff\\n')", "", Prints("a\0b\u{fffd}")),
    Attack("input not read", "python", "print('unread')", r#"{"stdin": "some"}"#, Prints("unread")),
    Attack("end of input", "bash", "cat; echo end", r#"{"stdin": "a"}"#, Prints("a\nend")),
    Attack("end of input in a child", "bash", "(cat; echo end) | cat", "", Prints("\nend")),
    Attack("input not read, its pipe held by a daemon", "bash", "sleep 600 <&0 & echo done", "", Prints("done")),
    Attack("output of a dying child", "python", "import os
if os.fork() == 0: os.write(1, b'child\\n'); os._exit(0)
os.wait(); print('parent')", "", Prints("child\nparent")),
    Attack("output to the other streams", "bash", "echo x >&0; echo y >&2; echo z", "", Prints("z")),
    Attack("threads and processes that honest programs use", "python", "import multiprocessing, concurrent.futures
def double(n): return n * 2
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(sum(pool.map(double, range(10))))
with multiprocessing.get_context('fork').Pool(2) as pool: print(sum(pool.map(double, range(10))))
value = multiprocessing.Value('i', 0)
process = multiprocessing.get_context('fork').Process(target=lambda: setattr(value, 'value', 5))
process.start(); process.join(); print(value.value)", "", Prints("90\n90\n5")),
    Attack("files that honest programs use", "python", "import tempfile, subprocess, os, sqlite3, mmap
with tempfile.TemporaryDirectory() as folder: open(folder + '/x', 'w').write('x')
print(subprocess.run(['sort', '-r'], input=b'a\\nb\\n', capture_output=True).stdout)
print(sqlite3.connect('/tmp/db').execute('select 1').fetchall(), os.getcwd(), os.environ['HOME'])
file = open('/tmp/m', 'w+b'); file.truncate(4096); m = mmap.mmap(file.fileno(), 4096); m[0] = 1; print(m[0])",
        "", Prints("b'b\\na\\n'\n[(1,)] /box /tmp\n1")),
];

pub const COMPILING: &[Attack] = &[
    Attack(
        "a secret included",
        "c",
        "#include \"{secret}\"\nint main(void) { return 0; }",
        "",
        CompileError("No such file"),
    ),
    Attack(
        "the machine's users included",
        "c",
        "#include \"/etc/passwd\"\nint main(void) { return 0; }",
        "",
        CompileError("No such file"),
    ),
    Attack(
        "a secret by the assembler",
        "c",
        "__asm__(\".incbin \\\"{secret}\\\"\");\nint main(void) { return 0; }",
        "",
        CompileError("file not found"),
    ),
    Attack(
        "endless randomness included",
        "c",
        "#include \"/dev/urandom\"\nint main(void) { return 0; }",
        r#"{"compile_timeout": 2000, "compile_memory_limit": 200000000}"#,
        LimitExceeded("memory|wall_time|cpu_time|stderr"),
    ),
    Attack(
        "endless zeroes included",
        "c",
        "#include \"/dev/zero\"\nint main(void) { return 0; }",
        r#"{"compile_timeout": 2000, "compile_memory_limit": 200000000}"#,
        LimitExceeded("memory|wall_time|cpu_time"),
    ),
    Attack(
        "includes itself",
        "c",
        "#include __FILE__\nint main(void) { return 0; }",
        "",
        CompileError("nested"),
    ),
    Attack(
        "a giant array",
        "c",
        "char x[1 << 30] = {1};\nint main(void) { return x[0]; }",
        "",
        CompileError(""),
    ),
    Attack(
        "repetition by the assembler",
        "c",
        "__asm__(\".rept 1000000000\\n.quad 1\\n.endr\");\nint main(void) { return 0; }",
        "",
        CompileError("out of memory"),
    ),
    Attack(
        "a template bomb",
        "c++",
        "template<int N, int M> struct F { enum { v = F<N-1, 2*M>::v + F<N-1, 2*M+1>::v }; };
template<int M> struct F<0, M> { enum { v = 1 }; };
int main() { return F<30, 0>::v; }",
        r#"{"compile_timeout": 4000, "compile_memory_limit": 200000000}"#,
        LimitExceeded("memory|wall_time|cpu_time|stderr"),
    ),
    Attack(
        "an honest program after all",
        "c",
        "#include <stdio.h>\nint main(void) { puts(\"fine\"); return 0; }",
        "",
        Prints("fine"),
    ),
];
