//! Programs that exceed limits. Each also ends by itself, in case the runner fails to
//! stop it on a shared machine.

use crate::attack::Attack;
use crate::attack::Expect::{KilledBy, LimitExceeded, Prints};

pub const ATTACKS: &[Attack] = &[
    Attack("fork bomb", "python", "import os, time
for _ in range(9):
    try: os.fork()
    except OSError: pass
time.sleep(20)", "", LimitExceeded("processes")),
    Attack("fork bomb that exits and goes on", "c", "#include <unistd.h>
int main(void) { for (int i = 0; i < 20000; i++) if (fork() > 0 && i % 2) pause(); sleep(20); }",
        "", LimitExceeded("processes")),
    Attack("thread bomb", "python", "import threading, time
for _ in range(200):
    try: threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    except RuntimeError: time.sleep(0.05)
time.sleep(20)", "", LimitExceeded("processes")),
    Attack("memory bomb", "python", "x = []
for _ in range(2000): x.append(bytearray(b'x') * 1_000_000)", "", LimitExceeded("memory")),
    Attack("memory bomb in one call", "c", "#include <stdlib.h>
int main(void) { volatile char *p = malloc(700000000); for (long i = 0; i < 700000000; i += 4096) p[i] = 1; return 0; }",
        "", LimitExceeded("memory")),
    Attack("memory bomb spread over children", "python", "import os, time
for _ in range(10):
    if os.fork() == 0:
        x = os.urandom(30_000_000)
        time.sleep(20)
time.sleep(20)", "", LimitExceeded("memory")),
    Attack("shared memory that no sum would see", "python", "import mmap
try: mmap.mmap(-1, 1 << 20); print('mapped')
except OSError as error: print(error.errno)", "", Prints("1")),
    Attack("the same by way of /dev/zero", "python", "import mmap, os
try: mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20); print('mapped')
except OSError as error: print(error.errno)", "", Prints("19")),
    Attack("the same as a file without a name", "python", "import os
try: os.memfd_create('x'); print('made')
except OSError as error: print(error.errno)", "", Prints("38")),
    Attack("disk filled", "python", "import os
total = 0
for folder in ('/tmp', '/box', '/dev/shm'):
    number = 0
    try:
        while number < 100:
            file = os.open(f'{folder}/{len(folder)}-{number}', os.O_CREAT | os.O_WRONLY)
            for _ in range(70): total += os.write(file, b'x' * 100_000)
            os.close(file); number += 1
    except OSError as error: print(error.errno)
print(total <= 2 * (16 << 20))", "", Prints("28\n28\n28\nTrue")),
    Attack("inode bomb", "python", "import os
made = 0
try:
    while made < 10000: os.mkdir(f'/tmp/{made}'); made += 1
except OSError as error: print(error.errno, made <= 200)", "", Prints("28 True")),
    Attack("one file too large", "python", "file = open('big', 'wb')
try: file.write(b'x' * 9_000_000); file.flush()
except OSError as error: print(error.errno)", "", Prints("27")),
    Attack("sparse file", "python", "import os
try: os.truncate(os.open('hole', os.O_CREAT | os.O_RDWR), 1 << 45); print('made')
except OSError as error: print(error.errno)", "", Prints("27")),
    Attack("allocated file", "python", "import os
try: os.posix_fallocate(os.open('big', os.O_CREAT | os.O_RDWR), 0, 1 << 35); print('made')
except OSError as error: print(error.errno)", "", Prints("27")),
    Attack("descriptors exhausted", "python", "import os
opened = 0
try:
    while opened < 10000: os.dup(0); opened += 1
except OSError as error: print(error.errno, opened < 64)", "", Prints("24 True")),
    Attack("limits raised", "python", "import resource
for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
    try: resource.setrlimit(what, (1 << 40, 1 << 40)); print('raised')
    except ValueError: print('refused')", "", Prints("refused\nrefused\nrefused\nrefused")),
    Attack("memory locked", "python", "import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.mlockall(3), ctypes.get_errno() in (1, 12))", "", Prints("-1 True")),
    Attack("priority raised", "python", "import os
try: os.nice(-5); print('raised')
except OSError as error: print(error.errno)", "", Prints("1")),
    Attack("real-time scheduling", "python", "import os
try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)); print('raised')
except OSError as error: print(error.errno)", "", Prints("1")),
    Attack("flood on stdout", "python", "import os
for _ in range(100000): os.write(1, b'x' * 65536)", "", LimitExceeded("stdout")),
    Attack("flood on stderr", "python", "import os
for _ in range(100000): os.write(2, b'x' * 65536)", "", LimitExceeded("stderr")),
    Attack("busy loop", "python", "while True: pass", r#"{"run_cpu_time": 500}"#, LimitExceeded("cpu_time")),
    Attack("busy loop, deaf", "python", "import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass", r#"{"run_cpu_time": 500}"#, LimitExceeded("cpu_time")),
    Attack("busy in several processes", "python", "import os, time
for _ in range(4):
    if os.fork() == 0:
        while True: pass
time.sleep(20)", r#"{"run_cpu_time": 800, "run_timeout": 15000}"#, LimitExceeded("cpu_time")),
    Attack("busy by a chain of orphans", "python", "import os, time
if os.fork(): time.sleep(20)
while True:
    end = time.process_time() + 0.05
    while time.process_time() < end: pass
    if os.fork(): os._exit(0)", r#"{"run_cpu_time": 800, "run_timeout": 15000}"#, LimitExceeded("cpu_time")),
    Attack("long sleep", "python", "import time; time.sleep(60)", r#"{"run_timeout": 400}"#, LimitExceeded("wall_time")),
    Attack("asleep with a stopped child", "python", "import os, signal, time
if os.fork() == 0: os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(60)", r#"{"run_timeout": 400}"#, LimitExceeded("wall_time")),
    Attack("stopped", "bash", "kill -STOP $$", r#"{"run_timeout": 400}"#, LimitExceeded("wall_time")),
    Attack("deep recursion", "c", "int f(volatile int n) { volatile char b[1000]; b[0] = n; return f(n + 1) + b[0]; }
int main(void) { return f(0); }", "", KilledBy("SIGSEGV")),
    Attack("memory in the stacks of many threads", "c", "#include <pthread.h>
#include <unistd.h>
void *fill(void *_) { volatile char b[60 << 20]; for (int i = 0; i < sizeof b; i += 4096) b[i] = 1; sleep(20); return _; }
int main(void) { pthread_t t; for (int i = 0; i < 12; i++) pthread_create(&t, 0, fill, 0); sleep(20); }", r#"{"run_timeout": 15000}"#, LimitExceeded("memory")),
    Attack("busy on after the interrupt", "python", "import os, signal, time
def go_on(*_):
    for _ in range(8):
        if os.fork() == 0: break
    while True: open(f'/tmp/{os.getpid()}-{time.time()}', 'w').write('x' * 10000)
signal.signal(signal.SIGINT, go_on)
while True: pass", r#"{"run_cpu_time": 500, "run_timeout": 15000}"#, LimitExceeded("cpu_time")),
    Attack("flood after the interrupt", "python", "import os, signal
def flood(*_):
    while True: os.write(1, b'x' * 65536)
signal.signal(signal.SIGINT, flood)
while True: pass", r#"{"run_cpu_time": 500, "run_timeout": 15000}"#, LimitExceeded("cpu_time")),
    Attack("signals queued without end", "python", "import ctypes, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [40])
libc = ctypes.CDLL(None, use_errno=True)
sent = 0
while sent < 100000 and libc.sigqueue(os.getpid(), 40, None) == 0: sent += 1
print(ctypes.get_errno(), sent <= 1024)", "", Prints("11 True")),
];
