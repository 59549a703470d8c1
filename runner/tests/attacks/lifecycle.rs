//! Programs that outlive their run, or kill other processes.

use crate::attack::Attack;
use crate::attack::Expect::{Exits, KilledBy, Prints};

pub const ATTACKS: &[Attack] = &[
    Attack(
        "daemon as in the books",
        "python",
        "import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(600)
    os._exit(0)
os.wait(); print('done')",
        "",
        Prints("done"),
    ),
    Attack(
        "daemon with closed streams",
        "python",
        "import os, time
print('done', flush=True)
if os.fork() == 0:
    os.setsid()
    for number in range(3): os.close(number)
    if os.fork() == 0: time.sleep(600)
    os._exit(0)",
        "",
        Prints("done"),
    ),
    Attack(
        "deaf child",
        "python",
        "import os, signal, time
print('done', flush=True)
if os.fork() == 0:
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    time.sleep(600)",
        "",
        Prints("done"),
    ),
    Attack(
        "reaper of its own",
        "python",
        "import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1)
if os.fork() == 0:
    if os.fork() == 0: time.sleep(600)
    os._exit(0)
os.wait(); print('done')",
        "",
        Prints("done"),
    ),
    Attack(
        "child that forks as fast as it is killed",
        "python",
        "import os, time
print('done', flush=True)
if os.fork() == 0:
    end = time.time() + 20
    while time.time() < end:
        try:
            if os.fork(): os._exit(0)
        except OSError: pass",
        "",
        Prints("done"),
    ),
    Attack(
        "output closed and running on",
        "python",
        "import os, time
os.write(1, b'x'); os.close(1); os.close(2); time.sleep(0.2); os._exit(7)",
        "",
        Exits(7),
    ),
    Attack(
        "kill every process",
        "python",
        "import os
try: os.kill(-1, 9)
except OSError as error: print(error.errno)
print('alive')",
        "",
        Prints("3\nalive"),
    ),
    Attack(
        "kill every process, softly, from a child",
        "python",
        "import os, signal
signal.signal(15, signal.SIG_IGN)
if os.fork() == 0: os.kill(-1, 15); os._exit(0)
os.wait(); print('alive')",
        "",
        Prints("alive"),
    ),
    Attack(
        "kill the parent",
        "python",
        "import os
try: os.kill(os.getppid(), 9)
except OSError as error: print(error.errno)
print(os.getppid())",
        "",
        Prints("1\n1"),
    ),
    Attack(
        "TERM and others to process 1",
        "python",
        "import os
seen = set()
for number in range(1, 65):
    try: os.kill(1, number); seen.add('sent')
    except OSError as error: seen.add(error.errno)
print(seen)",
        "",
        Prints("{1}"),
    ),
    Attack(
        "kill the runner",
        "python",
        "import os
try: os.kill({runner}, 9); print('sent')
except OSError as error: print(error.errno)",
        "",
        Prints("3"),
    ),
    Attack(
        "every process id tried",
        "python",
        "import os
found = []
for pid in range(2, 40000):
    try: os.kill(pid, 0); found.append(pid)
    except OSError as error: pass
print(found == [os.getpid()])",
        "",
        Prints("True"),
    ),
    Attack(
        "the session's leader killed from below",
        "python",
        "import os, time
if os.fork() == 0: os.kill(os.getppid(), 9); time.sleep(600)
time.sleep(60)",
        "",
        KilledBy("SIGKILL"),
    ),
    Attack(
        "abort",
        "c",
        "#include <stdlib.h>\nint main(void) { abort(); }",
        "",
        KilledBy("SIGABRT"),
    ),
    Attack(
        "segmentation fault",
        "c",
        "int main(void) { *(volatile int *)8 = 1; }",
        "",
        KilledBy("SIGSEGV"),
    ),
    Attack(
        "division by zero",
        "c",
        "int main(void) { volatile int one = 1, none = 0; return one / none; }",
        "",
        KilledBy("SIGFPE"),
    ),
    Attack(
        "illegal instruction",
        "c",
        "int main(void) { __builtin_trap(); }",
        "",
        KilledBy("SIGILL"),
    ),
    Attack(
        "killed by itself",
        "bash",
        "kill -9 $$",
        "",
        KilledBy("SIGKILL"),
    ),
    Attack(
        "as if killed by a signal",
        "bash",
        "exit 137",
        "",
        Exits(137),
    ),
    Attack(
        "as if the helper had failed",
        "bash",
        "exit 125",
        "",
        Exits(125),
    ),
    Attack(
        "a broken pipe",
        "bash",
        "exec 1>&-; kill -PIPE $$",
        "",
        KilledBy("SIGPIPE"),
    ),
    Attack(
        "exec of something missing",
        "bash",
        "exec /no/such/program",
        "",
        Exits(127),
    ),
];
