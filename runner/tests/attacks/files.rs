//! Programs that read or write files, devices and environments of others.

use crate::attack::Attack;
use crate::attack::Expect::{Exits, Prints};

/// A language whose "compiler" is the submission itself, which decides what the run
/// finds in its folder.
pub const FORGE: &str = r#"
[[language]]
name = "forge"
program = ["bash"]
version = ["--version"]
file_name = "make.sh"
endings = ["sh"]
compile = ["{program}", "{file}"]
run = ["{program}", "-c", "ls -1A; cat link 2>/dev/null; cat mine"]
"#;

pub const ATTACKS: &[Attack] = &[
    Attack("the machine's users", "bash", "cat /etc/passwd /etc/shadow", "", Exits(1)),
    Attack("what there is in /etc", "bash", "ls -A /etc", "", Prints("alternatives\nld.so.cache")),
    Attack("a secret that every user may read", "bash", "cat {secret}", "", Exits(1)),
    Attack("homes", "python", "import os
def inside(folder):
    try: return os.listdir(folder)
    except OSError as error: return error.errno in (2, 13)
print(inside('/root'), inside('/home'), inside('/'))", "", Prints("True True True")),
    Attack("other processes' environment", "bash", "cat /proc/1/environ /proc/self/environ", "", Exits(1)),
    Attack("the kernel's knobs", "bash", "ls /proc /sys /run /var /boot /mnt 2>/dev/null", "", Exits(2)),
    Attack("devices", "bash", "ls -A /dev | tr '\\n' ' '", "", Prints("fd full null random shm stderr stdin stdout urandom zero")),
    Attack("a device of its own", "python", "import os, stat
for mode in (stat.S_IFCHR, stat.S_IFBLK):
    try: os.mknod('/tmp/d', mode | 0o600, os.makedev(1, 3)); print('made')
    except OSError as error: print(error.errno)", "", Prints("1\n1")),
    Attack("writing to /usr", "bash", "echo x > /usr/bin/x || echo x >> /usr/bin/env", "", Exits(1)),
    Attack("deleting from /usr", "bash", "rm -f /usr/bin/env; test -e /usr/bin/env", "", Exits(0)),
    Attack("writing to the root", "bash", "echo x > /x || mkdir /y || echo x > /etc/x || rm -rf /dev/null", "", Exits(1)),
    Attack("writing where the machine's /tmp is", "bash", "echo x > {marker} && cat {marker}", "", Prints("x")),
    Attack("rights of a system file", "python", "import os
for act in (lambda: os.chmod('/usr/bin/env', 0o777), lambda: os.chown('/box', 0, 0), lambda: os.utime('/usr')):
    try: act(); print('done')
    except OSError as error: print(error.errno in (1, 13, 22, 30))", "", Prints("True\nTrue\nTrue")),
    Attack("a hard link into /usr", "python", "import os
try: os.link('/usr/bin/env', 'x'); print('made')
except OSError as error: print(error.errno)", "", Prints("18")),
    Attack("out by links and dots", "bash", "ln -s / up; cat up/etc/passwd ../../../../etc/passwd ./up{secret}", "", Exits(1)),
    Attack("the runner's environment", "bash", "env | sed 's/=.*//' | sort | tr '\\n' ' '", "",
        Prints("HOME LANG PATH PISTON_LANGUAGE PWD SHLVL TMPDIR _")),
    Attack("descriptors left open", "python", "import os
def is_open(number):
    try: os.fstat(number); return True
    except OSError: return False
print([number for number in range(3, 64) if is_open(number)])", "", Prints("[]")),
    Attack("what an earlier run left, written", "bash", "echo x > /tmp/left; echo x > /box/left; echo x > /dev/shm/left2; ls /tmp", "", Prints("left\nleft2")),
    Attack("what an earlier run left, looked for", "bash", "ls /tmp /box | tr '\\n' ' '", "", Prints("/box: main.sh  /tmp:")),
    Attack("the libraries, changed for later runs", "python", "import os, sys
import sortedcontainers
folder = os.path.dirname(os.path.dirname(sortedcontainers.__file__))
def change(act):
    try: act(); return 'done'
    except OSError as error: return error.errno in (1, 2, 13, 18, 30)
print(change(lambda: open(folder + '/sitecustomize.py', 'a')),
    change(lambda: open(folder + '/json.py', 'w')),
    change(lambda: os.unlink(folder + '/sitecustomize.py')),
    change(lambda: os.rename(sortedcontainers.__file__, '/tmp/x')),
    change(lambda: os.chmod(folder, 0o777)),
    change(lambda: os.symlink('/box', os.path.dirname(folder) + '/node_modules/own')),
    change(lambda: os.symlink('/box', '/node_modules/own')))", "",
        Prints("True True True True True True True")),
    Attack("the machine's name", "bash", "echo $HOSTNAME", "", Prints("sandbox")),
    Attack("programs with another user's rights", "python", "import ctypes, os, subprocess
print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))
for name in ('su', 'mount', 'passwd', 'sudo', 'newgrp'):
    if os.path.exists(f'/usr/bin/{name}'):
        subprocess.run([f'/usr/bin/{name}'], input=b'', capture_output=True)
print(os.getresuid(), os.getresgid())", "", Prints("1\n(1000, 1000, 1000) (1000, 1000, 1000)")),
    Attack("artifacts that are none", "forge", "ln -s {secret} link; ln -s /etc folder; mkfifo pipe; echo mine > mine; mkdir d; echo x > d/e",
        "", Prints("d\nmake.sh\nmine\nmine")),
    Attack("too many artifacts", "forge", "i=0; while [ $i -lt 500 ]; do : > $i 2>/dev/null; i=$((i+1)); done; exit 3", "", Exits(3)),
    Attack("artifacts at the limit", "forge", "for i in {1..190}; do head -c 80000 /dev/zero > $i; done; rm make.sh; echo x > mine; rm -f {1..190}",
        "", Prints("mine\nx")),
    Attack("a program that is a folder", "forge", "rm make.sh; mkdir make.sh; echo x > mine; exit 0", "", Prints("mine\nx")),
];
