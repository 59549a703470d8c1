//! Programs that reach for more than their own streams through `/dev/stdin`, `/dev/fd`
//! and `/proc`, into which these lead.

use crate::attack::Attack;
use crate::attack::Expect::{Exits, LimitExceeded, Prints};

pub const ATTACKS: &[Attack] = &[
    Attack("streams by name, honestly", "bash", "cat /dev/stdin; echo b > /dev/stdout; echo c > /dev/stderr; cat <(echo d) <(echo e); echo f | tee >(cat) > /dev/null; sleep 0.2; exec 7< <(echo g); cat /dev/fd/7",
        r#"{"stdin": "a"}"#, Prints("a\nb\nd\ne\nf\ng")),
    Attack("what /proc shows of oneself", "python", "import os
for name in ('stat', 'status', 'environ', 'cmdline', 'maps', 'smaps', 'mem', 'pagemap', 'auxv', 'mountinfo', 'mounts', 'cgroup', 'io', 'limits',
             'fdinfo/0', 'task/{}/stat'.format(os.getpid()), 'net/tcp', 'attr/current', 'uid_map', 'timers', 'syscall', 'stack', 'wchan'):
    try: os.close(os.open('/proc/self/' + name, os.O_RDONLY)); print(name)
    except OSError as error: assert error.errno in (2, 13), (name, error)
print('nothing')", "", Prints("nothing")),
    Attack("what /proc takes of oneself", "python", "import os
for name in ('oom_score_adj', 'mem', 'setgroups', 'uid_map', 'gid_map', 'comm', 'coredump_filter', 'clear_refs', 'attr/exec', 'timerslack_ns', 'autogroup', 'projid_map'):
    try: os.close(os.open('/proc/self/' + name, os.O_WRONLY)); print(name)
    except OSError as error: assert error.errno in (2, 13, 30), (name, error)
print('nothing')", "", Prints("nothing")),
    Attack("what there is in /proc", "python", "import os
for folder in ('/proc', '/proc/self', '/proc/self/fd', '/dev/fd', '/proc/self/task', '/proc/self/ns', '/proc/self/root', '/proc/1', '/proc/sys', '/proc/thread-self/fd'):
    try: print(folder, os.listdir(folder))
    except OSError as error: assert error.errno in (2, 13), (folder, error)
print('nothing')", "", Prints("nothing")),
    Attack("the kernel by way of /proc", "python", "import os
for name in ('meminfo', 'cpuinfo', 'version', 'cmdline', 'kallsyms', 'kcore', 'kmsg', 'sysrq-trigger', 'sys/kernel/hostname', 'sys/kernel/core_pattern', 'modules', 'net/dev', 'loadavg'):
    for flags in (os.O_RDONLY, os.O_WRONLY):
        try: os.close(os.open('/proc/' + name, flags)); print(name)
        except OSError as error: assert error.errno in (1, 2, 13, 30), (name, error)
print('nothing')", "", Prints("nothing")),
    Attack("streams, folders and programs of other processes", "python", "import os
for pid in [1, os.getppid(), {runner}] + list(range(2, 60)):
    if pid == os.getpid(): continue
    for name in ['exe', 'cwd', 'root', 'ns/mnt'] + [f'fd/{number}' for number in range(24)]:
        path = f'/proc/{pid}/{name}'
        for act in (os.readlink, lambda p: os.open(p, os.O_RDONLY | os.O_NONBLOCK), lambda p: os.open(p, os.O_WRONLY | os.O_NONBLOCK), lambda p: os.stat(p)):
            try: act(path); print(path)
            except OSError as error: assert error.errno in (2, 13), (path, error)
print('nothing')", "", Prints("nothing")),
    Attack("out by way of /proc", "bash", "cat /proc/self/root/etc/passwd /proc/self/cwd/../../../../etc/passwd /dev/fd/../../../../etc/passwd /proc/1/root/etc/shadow /proc/self/root{secret} /proc/{runner}/root{secret}",
        "", Exits(1)),
    Attack("the interpreter written to by its link", "python", "import os
for flags in (os.O_WRONLY, os.O_RDWR | os.O_TRUNC):
    try: os.open('/proc/self/exe', flags); print('opened')
    except OSError as error: print(error.errno in (13, 26, 30))
try: os.truncate('/proc/self/exe', 0); print('cut')
except OSError as error: print(error.errno in (13, 26, 30))", "", Prints("True\nTrue\nTrue")),
    Attack("a read-only file made writable by its link", "python", "import os
for path in ('/usr/bin/env', '/dev/random', '/dev/full'):
    file = os.open(path, os.O_RDONLY)
    try: os.write(os.open(f'/dev/fd/{file}', os.O_WRONLY), b'x'); print(path)
    except OSError as error: print(error.errno in (1, 13, 26, 28, 30))", "", Prints("True\n/dev/random\nTrue")),
    Attack("one's own input held open for writing", "python", "import os, sys
keep = os.open('/dev/stdin', os.O_WRONLY)
os.write(keep, b'more\\n'); print(sys.stdin.readline()); sys.stdout.flush(); os._exit(0)", r#"{"stdin": "a"}"#, Prints("a")),
    Attack("input that never ends because one holds it open", "python", "import os, sys
keep = os.open('/dev/stdin', os.O_WRONLY); sys.stdin.read()", r#"{"run_timeout": 1500}"#, LimitExceeded("wall_time")),
    Attack("one's own output read back", "python", "import os
back = os.open('/dev/stdout', os.O_RDONLY | os.O_NONBLOCK); os.write(1, b'x' * 10)
try: os.read(back, 5)
except BlockingIOError: pass
os.write(2, b'done'); os._exit(3)", "", Exits(3)),
    Attack("output held open by a daemon through its name", "bash", "(setsid bash -c 'exec 5> /dev/stdout 6< /dev/stdin; exec < /dev/null > /dev/null 2>&1; sleep 600' &); echo left; exit 4",
        "", Exits(4)),
    Attack("a flood through the name of a stream", "bash", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done > /dev/stderr", "", LimitExceeded("stderr|cpu_time")),
    Attack("a child's streams, which are one's own", "python", "import os, subprocess
child = subprocess.Popen(['sleep', '5'], stdin=subprocess.PIPE)
try: os.open(f'/proc/{child.pid}/environ', os.O_RDONLY); print('read')
except OSError as error: print(error.errno)
child.kill()", "", Prints("13")),
    Attack("rights and times of what is in /proc", "python", "import os
for act in (lambda p: os.chmod(p, 0o777), lambda p: os.chown(p, os.getuid(), os.getgid()), lambda p: os.unlink(p), lambda p: os.rename(p, '/tmp/x'), lambda p: os.mkdir(p + '/x'), lambda p: os.symlink('x', p + '/y')):
    for path in ('/proc/self', '/dev/fd', '/proc/1', '/proc/self/fd'):
        try: act(path); print(path)
        except OSError as error: assert error.errno in (1, 2, 13, 16, 17, 18, 20, 30, 40), (path, error)
print('nothing')", "", Prints("nothing")),
    // Its own namespaces can be opened, and nothing comes of it.
    Attack("a namespace by its link", "python", "import ctypes, fcntl, os
libc = ctypes.CDLL(None, use_errno=True)
for name in ('user', 'mnt', 'pid', 'net'):
    own = os.open('/proc/self/ns/' + name, os.O_RDONLY)
    print(libc.setns(own, 0), ctypes.get_errno(), end=' ')
    try: fcntl.ioctl(own, 0xb702); print('parent', end=' ')
    except OSError as error: print(error.errno in (1, 22), end=' ')", "", Prints("-1 1 True -1 1 True -1 1 True -1 1 True")),
];
