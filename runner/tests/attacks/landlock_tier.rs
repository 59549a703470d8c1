//! The tier `landlock`: which attacks of the common classes end differently than in
//! the tier `full`, and attacks on parts that only this tier has.

#[cfg(target_arch = "x86_64")]
use crate::attack::Attack;
use crate::attack::Expect::{self, Anything, CompileError, Exits, LimitExceeded, Prints};

/// The expected reports that differ from those in the tier `full`, by the name of
/// the attack.
pub const EXPECTATIONS: &[(&str, Expect)] = &[
    // Refused by another mechanism, with EACCES or EPERM.
    ("a device of its own", Prints("13\n13")),
    ("a hard link into /usr", Prints("1")),
    ("the same by way of /dev/zero", Prints("13")),
    ("a socket pair connected elsewhere", Prints("1\n1\n1\n1")),
    ("kill the runner", Prints("1")),
    // Without other processes in the domain, the call succeeds and kills none.
    ("kill every process", Prints("alive")),
    // Pids are the machine's.
    ("kill the parent", Anything),
    ("every process id tried", Anything),
    ("a secret included", CompileError("Permission denied")),
    (
        "the machine's users included",
        CompileError("Permission denied"),
    ),
    ("endless zeroes included", CompileError("Permission denied")),
    // Programs see that outside files exist, but not their content.
    ("what there is in /etc", Exits(2)),
    ("the kernel's knobs", Exits(2)),
    ("devices", Anything),
    ("the machine's name", Anything),
    ("programs with another user's rights", Anything),
    // The run has no /tmp, /box and /dev/shm of its own. ATTACKS uses its folders.
    ("writing where the machine's /tmp is", Exits(1)),
    ("disk filled", Prints("13\n2\n13\nTrue")),
    ("inode bomb", Prints("13 True")),
    ("what an earlier run left, written", Exits(2)),
    ("what an earlier run left, looked for", Prints("")),
    ("files that honest programs use", Anything),
    ("threads and processes that honest programs use", Anything),
    // Found by the quota during the run or at its end.
    ("too many artifacts", LimitExceeded("disk")),
];

/// The expected report of this attack, if it differs.
pub fn expectation(name: &str) -> Option<Expect> {
    let mut expectations = EXPECTATIONS.iter();
    expectations
        .find(|(known, _)| *known == name)
        .map(|(_, expect)| *expect)
}

/// Attacks on parts that only this tier has, and honest programs that must work.
/// Some make system calls by their numbers on x86-64.
#[cfg(target_arch = "x86_64")]
pub const ATTACKS: &[Attack] = &[
    Attack("disk filled, its own", "python", "import os, time
for folder in (os.environ['HOME'], '.'):
    for number in range(40):
        with open(f'{folder}/{number}', 'wb') as file: file.write(b'x' * 1_000_000)
        time.sleep(0.01)
time.sleep(10)", "", LimitExceeded("disk")),
    Attack("disk filled and gone", "python", "for number in range(4): open(f'{number}', 'wb').write(b'x' * 7_000_000)", "", LimitExceeded("disk")),
    Attack("disk nearly filled", "python", "for number in range(2): open(f'{number}', 'wb').write(b'x' * 7_000_000)
import time; time.sleep(0.5); print('fine')", "", Prints("fine")),
    Attack("inode bomb, its own", "python", "import os, time
for number in range(10000): os.mkdir(f'{number}')
time.sleep(10)", "", LimitExceeded("disk")),
    Attack("folders within folders without end", "python", "import os, time
for _ in range(6000): os.mkdir('d'); os.chdir('d')
time.sleep(10)", "", LimitExceeded("disk")),
    Attack("files deleted and held", "python", "import os, time
held = []
for number in range(10):
    held.append(open(f'{number}', 'wb')); held[-1].write(b'x' * 5_000_000); held[-1].flush(); os.unlink(f'{number}')
time.sleep(10)", "", LimitExceeded("disk")),
    Attack("files deleted and held by a child", "python", "import os, time
held = []
for number in range(10):
    held.append(open(f'{number}', 'wb')); held[-1].write(b'x' * 5_000_000); held[-1].flush(); os.unlink(f'{number}')
if os.fork(): [file.close() for file in held]; os.wait()
time.sleep(10)", "", LimitExceeded("disk")),
    Attack("files deleted and mapped", "python", "import mmap, os, time
held = []
for number in range(10):
    file = open(f'{number}', 'w+b'); file.truncate(5_000_000)
    held.append(mmap.mmap(os.dup(file.fileno()), 4096)); file.close(); os.unlink(f'{number}')
    for fd in range(3, 64):
        try: os.close(fd)
        except OSError: pass
time.sleep(10)", "", LimitExceeded("disk")),
    Attack("files deleted and held by a thread that outlives the first", "c", "#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void *hold(void *none) {
    char *block = malloc(5000000), name[9];
    for (int i = 0; i < 10; i++) {
        sprintf(name, \"%d\", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        if (write(file, block, 5000000) < 0) return none;
        unlink(name);
    }
    sleep(10);
    exit(0);
}
int main(void) { pthread_t one; pthread_create(&one, 0, hold, 0); pthread_exit(0); }", "", LimitExceeded("disk")),
    Attack("a folder that cannot be looked into", "python", "import os, time
os.mkdir('hidden', 0o300)
open('hidden/x', 'wb').write(b'x' * 7_000_000); time.sleep(10)", "", LimitExceeded("disk")),
    Attack("files deleted and held by an unreadable program", "python", "import os
with open('/usr/bin/sleep', 'rb') as real, open(os.open('deaf', os.O_CREAT | os.O_WRONLY, 0o100), 'wb') as copy: copy.write(real.read())
for number in range(10):
    held = os.open(f'{number}', os.O_CREAT | os.O_WRONLY); os.set_inheritable(held, True)
    os.write(held, b'x' * 5_000_000); os.unlink(f'{number}')
    if number == 4: os.execv('deaf', ['sleep', '10'])", "", LimitExceeded("disk")),
    Attack("descriptors sent and forgotten", "python", "import os, socket
a, b = socket.socketpair()
try: socket.send_fds(a, [b'x'], [os.open('x', os.O_CREAT | os.O_RDWR)]); print('sent')
except OSError as error: print(error.errno)", "", Prints("1")),
    Attack("made impossible to look into", "python", "import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.prctl(4, 0, 0, 0, 0), ctypes.get_errno())", "", Prints("-1 1")),
    Attack("rights, owner, times and labels of others' files", "python", "import os
for act in (lambda p: os.chmod(p, 0o777), lambda p: os.chown(p, os.getuid(), os.getgid()), lambda p: os.utime(p),
            lambda p: os.setxattr(p, 'user.x', b'x'), lambda p: os.truncate(p, 0), lambda p: os.rename(p, 'mine'),
            lambda p: os.link(p, 'mine'), lambda p: os.unlink(p), lambda p: open(p).read()):
    for path in ('{secret}', '{socket}'):
        try: act(path); print(path)
        except OSError as error: print(error.errno in (1, 13, 18, 22), end=' ')", "",
        Prints("True True True True True True True True True True True True True True True True True True")),
    Attack("limits, priority and cores of the runner", "python", "import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
for pid in ({runner}, os.getppid(), 1):
    for act in (lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0)), lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
                lambda: os.sched_setaffinity(pid, [0]), lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
                lambda: os.kill(pid, 9)):
        try: act(); print(pid)
        except OSError as error: print(error.errno, end=' ')
for which in (os.PRIO_PGRP, os.PRIO_USER):
    try: os.setpriority(which, 0, 19); print(which)
    except OSError as error: print(error.errno, end=' ')
print(libc.syscall(251, 1, {runner}, 3 << 13), libc.syscall(251, 3, os.getuid(), 3 << 13))", "",
        Prints("1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1")),
    Attack("the runner's and others' folders and processes", "python", "import os
for act in (lambda: os.listdir('{work}'), lambda: os.listdir('..'), lambda: os.listdir('../..'), lambda: open('/proc/{runner}/environ').read(),
            lambda: os.readlink('/proc/{runner}/cwd'), lambda: os.listdir('/proc/{runner}/fd'), lambda: os.listdir('/proc/self/fd'),
            lambda: os.mkdir('../x'), lambda: open('../x', 'w')):
    try: print(act())
    except OSError as error: print(error.errno, end=' ')", "", Prints("13 13 13 13 13 13 13 13 13")),
    Attack("signals by other ways", "python", "import ctypes, fcntl, os, signal, socket, time
libc = ctypes.CDLL(None, use_errno=True)
for pid in ({runner}, os.getppid()):
    for act in (lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 9), lambda: os.killpg(os.getpgid(pid), 9)):
        try: act(); print(pid)
        except OSError as error: print(error.errno, end=' ')
    print(libc.syscall(234, pid, pid, 9), libc.syscall(200, pid, 9), end=' ')
    a, b = socket.socketpair()
    try:
        fcntl.fcntl(a, fcntl.F_SETOWN, pid); fcntl.fcntl(a, 10, 9)
        fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    except OSError: pass
    b.send(b'x')
time.sleep(0.3)", "", Prints("1 1 -1 -1 1 1 -1 -1")),
    Attack("signals by an orphan's end", "python", "import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
if os.fork() == 0:
    if libc.syscall(56, 9, 0, 0, 0, 0) == 0: time.sleep(0.2); os._exit(0)
    if libc.syscall(56, 0x8000 | 9, 0, 0, 0, 0) == 0: time.sleep(0.2); os._exit(0)
    os._exit(0)
os.wait(); time.sleep(0.5); print('alive')", "", Prints("alive")),
    Attack("what an earlier run left, written, its own", "bash", "echo x > ~/left; echo x > left; echo fine", "", Prints("fine")),
    Attack("what an earlier run left, looked for, its own", "bash", "ls -A . ~ | grep -c left", "", Exits(1)),
    Attack("files that honest programs use, its own", "python", "import tempfile, subprocess, os, sqlite3, mmap
with tempfile.TemporaryDirectory() as folder: open(folder + '/x', 'w').write('x')
print(subprocess.run(['sort', '-r'], input=b'a\\nb\\n', capture_output=True).stdout)
print(sqlite3.connect('db').execute('create table x (y)').fetchall(), os.getcwd().endswith('/box'), os.environ['HOME'] == os.environ['TMPDIR'])
file = open('m', 'w+b'); file.truncate(4096); m = mmap.mmap(file.fileno(), 4096); m[0] = 1; print(m[0])",
        "", Prints("b'b\\na\\n'\n[] True True\n1")),
    Attack("threads and processes that honest programs use, its own", "python", "import concurrent.futures, os, socket, subprocess, threading
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(sum(pool.map(lambda n: n * 2, range(10))))
a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))
if os.fork() == 0: os._exit(5)
print(os.waitstatus_to_exitcode(os.wait()[1]), subprocess.run('exit 3', shell=True).returncode)", "", Prints("90\nb'x'\n5 3")),
    Attack("priority of one's own", "python", "import os
os.nice(5); print(os.getpriority(os.PRIO_PROCESS, 0))", "", Prints("5")),
];
