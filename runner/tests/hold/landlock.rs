//! The second tier under the same attacks: what it says otherwise than the first,
//! and attacks of its own.

use std::path::Path;

use runner::sandbox::namespace::{LandlockSandbox, SelfTestError};

#[cfg(target_arch = "x86_64")]
use crate::case::Case;
use crate::case::Says::{Anything, Exits, Over, Prints, Refused};
use crate::case::{Says, all_hold};
use crate::host::In;
use crate::{files, kernel, lifecycle, resources, rest};

/// Whether this machine's kernel has what the tier rests on. Anything else that
/// is wrong with it is for the tests to find.
pub fn is_here() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let helper = Path::new(env!("CARGO_BIN_EXE_runner"));
    let sandbox = LandlockSandbox::new(helper, "is-here", 64_747, folder.path()).unwrap();
    match sandbox.self_test() {
        Err(SelfTestError::NotMade(why)) if why.starts_with("Landlock 6 is needed") => {
            eprintln!("not tested: {why}");
            false
        }
        _ => true,
    }
}

/// Programs of the first tier's lists that end otherwise here, by their names.
pub fn says(case: &str) -> Option<Says> {
    Some(match case {
        // Refused by another wall, which answers EACCES or EPERM.
        "a device of its own" => Prints("13\n13"),
        "a hard link into /usr" => Prints("1"),
        "the same by way of /dev/zero" => Prints("13"),
        "a socket pair connected elsewhere" => Prints("1\n1\n1\n1"),
        "kill the runner" => Prints("1"),
        // Nobody is there to be killed, and of all others none may be.
        "kill everybody" => Prints("alive"),
        // Its number is the machine's.
        "kill the parent" | "every process id tried" => Anything,
        "a secret included" | "the machine's users included" => Refused("Permission denied"),
        "endless zeroes included" => Refused("Permission denied"),
        // That there is more is seen, what it holds is not.
        "what there is in /etc" | "the kernel's knobs" => Exits(2),
        "homes" => Exits(1),
        "devices" | "the machine's name" | "programs with another user's rights" => Anything,
        // The machine's /tmp, /box and /dev/shm are not the run's; OWN fills its own.
        "writing where the machine's /tmp is" => Exits(1),
        "disk filled" => Prints("13\n2\n13\nTrue"),
        "inode bomb" => Prints("13 True"),
        "what an earlier run left, written" => Exits(2),
        "what an earlier run left, looked for" => Prints(""),
        "files that honest programs use" | "threads and processes that honest programs use" => {
            Anything
        }
        // Seen in the act, or told by the compiler itself if it was quick.
        "too many artifacts" => Over("disk"),
        _ => return None,
    })
}

/// Attacks on what only this tier has, and what honest programs can still do. Some
/// make system calls by their numbers.
#[cfg(target_arch = "x86_64")]
const OWN: &[Case] = &[
    Case("disk filled, its own", "python", "import os, time
for folder in (os.environ['HOME'], '.'):
    for number in range(40):
        with open(f'{folder}/{number}', 'wb') as file: file.write(b'x' * 1_000_000)
        time.sleep(0.01)
time.sleep(10)", "", Over("disk")),
    Case("disk filled and gone", "python", "for number in range(4): open(f'{number}', 'wb').write(b'x' * 7_000_000)", "", Over("disk")),
    Case("disk nearly filled", "python", "for number in range(2): open(f'{number}', 'wb').write(b'x' * 7_000_000)
import time; time.sleep(0.5); print('fine')", "", Prints("fine")),
    Case("inode bomb, its own", "python", "import os, time
for number in range(10000): os.mkdir(f'{number}')
time.sleep(10)", "", Over("disk")),
    Case("folders within folders without end", "python", "import os, time
for _ in range(6000): os.mkdir('d'); os.chdir('d')
time.sleep(10)", "", Over("disk")),
    Case("files deleted and held", "python", "import os, time
held = []
for number in range(10):
    held.append(open(f'{number}', 'wb')); held[-1].write(b'x' * 5_000_000); held[-1].flush(); os.unlink(f'{number}')
time.sleep(10)", "", Over("disk")),
    Case("files deleted and held by a child", "python", "import os, time
held = []
for number in range(10):
    held.append(open(f'{number}', 'wb')); held[-1].write(b'x' * 5_000_000); held[-1].flush(); os.unlink(f'{number}')
if os.fork(): [file.close() for file in held]; os.wait()
time.sleep(10)", "", Over("disk")),
    Case("files deleted and mapped", "python", "import mmap, os, time
held = []
for number in range(10):
    file = open(f'{number}', 'w+b'); file.truncate(5_000_000)
    held.append(mmap.mmap(os.dup(file.fileno()), 4096)); file.close(); os.unlink(f'{number}')
    for fd in range(3, 64):
        try: os.close(fd)
        except OSError: pass
time.sleep(10)", "", Over("disk")),
    Case("files deleted and held by a thread that outlives the first", "c", "#include <fcntl.h>
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
int main(void) { pthread_t one; pthread_create(&one, 0, hold, 0); pthread_exit(0); }", "", Over("disk")),
    Case("a folder that cannot be looked into", "python", "import os, time
os.mkdir('hidden', 0o300)
open('hidden/x', 'wb').write(b'x' * 7_000_000); time.sleep(10)", "", Over("disk")),
    Case("files deleted and held by a program that nobody may read", "python", "import os
with open('/usr/bin/sleep', 'rb') as real, open(os.open('deaf', os.O_CREAT | os.O_WRONLY, 0o100), 'wb') as copy: copy.write(real.read())
for number in range(10):
    held = os.open(f'{number}', os.O_CREAT | os.O_WRONLY); os.set_inheritable(held, True)
    os.write(held, b'x' * 5_000_000); os.unlink(f'{number}')
    if number == 4: os.execv('deaf', ['sleep', '10'])", "", Over("disk")),
    Case("descriptors sent and forgotten", "python", "import os, socket
a, b = socket.socketpair()
try: socket.send_fds(a, [b'x'], [os.open('x', os.O_CREAT | os.O_RDWR)]); print('sent')
except OSError as error: print(error.errno)", "", Prints("1")),
    Case("made impossible to look into", "python", "import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.prctl(4, 0, 0, 0, 0), ctypes.get_errno())", "", Prints("-1 1")),
    Case("rights, owner, times and labels of others' files", "python", "import os
for act in (lambda p: os.chmod(p, 0o777), lambda p: os.chown(p, os.getuid(), os.getgid()), lambda p: os.utime(p),
            lambda p: os.setxattr(p, 'user.x', b'x'), lambda p: os.truncate(p, 0), lambda p: os.rename(p, 'mine'),
            lambda p: os.link(p, 'mine'), lambda p: os.unlink(p), lambda p: open(p).read()):
    for path in ('{secret}', '{socket}'):
        try: act(path); print(path)
        except OSError as error: print(error.errno in (1, 13, 18, 22), end=' ')", "",
        Prints("True True True True True True True True True True True True True True True True True True")),
    Case("limits, priority and cores of the runner", "python", "import ctypes, os, resource
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
    Case("the runner's and others' folders and processes", "python", "import os
for act in (lambda: os.listdir('{work}'), lambda: os.listdir('..'), lambda: os.listdir('../..'), lambda: open('/proc/{runner}/environ').read(),
            lambda: os.readlink('/proc/{runner}/cwd'), lambda: os.listdir('/proc/{runner}/fd'), lambda: os.listdir('/proc/self/fd'),
            lambda: os.mkdir('../x'), lambda: open('../x', 'w')):
    try: print(act())
    except OSError as error: print(error.errno, end=' ')", "", Prints("13 13 13 13 13 13 13 13 13")),
    Case("signals by other ways", "python", "import ctypes, fcntl, os, signal, socket, time
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
    Case("signals by an orphan's end", "python", "import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
if os.fork() == 0:
    if libc.syscall(56, 9, 0, 0, 0, 0) == 0: time.sleep(0.2); os._exit(0)
    if libc.syscall(56, 0x8000 | 9, 0, 0, 0, 0) == 0: time.sleep(0.2); os._exit(0)
    os._exit(0)
os.wait(); time.sleep(0.5); print('alive')", "", Prints("alive")),
    Case("what an earlier run left, written, its own", "bash", "echo x > ~/left; echo x > left; echo fine", "", Prints("fine")),
    Case("what an earlier run left, looked for, its own", "bash", "ls -A . ~ | grep -c left", "", Exits(1)),
    Case("files that honest programs use, its own", "python", "import tempfile, subprocess, os, sqlite3, mmap
with tempfile.TemporaryDirectory() as folder: open(folder + '/x', 'w').write('x')
print(subprocess.run(['sort', '-r'], input=b'a\\nb\\n', capture_output=True).stdout)
print(sqlite3.connect('db').execute('create table x (y)').fetchall(), os.getcwd().endswith('/box'), os.environ['HOME'] == os.environ['TMPDIR'])
file = open('m', 'w+b'); file.truncate(4096); m = mmap.mmap(file.fileno(), 4096); m[0] = 1; print(m[0])",
        "", Prints("b'b\\na\\n'\n[] True True\n1")),
    Case("threads and processes that honest programs use, its own", "python", "import concurrent.futures, os, socket, subprocess, threading
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(sum(pool.map(lambda n: n * 2, range(10))))
a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))
if os.fork() == 0: os._exit(5)
print(os.waitstatus_to_exitcode(os.wait()[1]), subprocess.run('exit 3', shell=True).returncode)", "", Prints("90\nb'x'\n5 3")),
    Case("priority of one's own", "python", "import os
os.nice(5); print(os.getpriority(os.PRIO_PROCESS, 0))", "", Prints("5")),
];

#[tokio::test]
#[cfg(target_arch = "x86_64")]
async fn programs_that_attack_what_only_this_tier_has() {
    all_hold(In::Landlock, &["python", "c", "bash"], "", OWN).await;
}

#[tokio::test]
async fn programs_that_take_too_much() {
    all_hold(In::Landlock, &["python", "c", "bash"], "", resources::CASES).await;
}

#[tokio::test]
async fn programs_that_live_on_or_kill() {
    all_hold(In::Landlock, &["python", "c", "bash"], "", lifecycle::CASES).await;
}

#[tokio::test]
async fn programs_that_look_for_what_is_not_theirs() {
    all_hold(
        In::Landlock,
        &["python", "bash"],
        files::FORGE,
        files::CASES,
    )
    .await;
}

#[tokio::test]
#[cfg(target_arch = "x86_64")]
async fn system_calls_that_no_program_needs() {
    if is_here() {
        kernel::all_refused(In::Landlock).await;
    }
}

#[tokio::test]
async fn programs_that_call_others() {
    all_hold(In::Landlock, &["python", "bash"], "", rest::NETWORK).await;
}

#[tokio::test]
async fn programs_that_speak_strangely() {
    all_hold(In::Landlock, &["python", "bash"], "", rest::STREAMS).await;
}

#[tokio::test]
async fn sources_that_attack_the_compiler() {
    all_hold(In::Landlock, &["c", "c++"], "", rest::COMPILING).await;
}
