"""Attacks 1–16: programs that take all there is of something."""

from __future__ import annotations

from grader.verdict import Verdict
from tests.hostile.attack import Attack, Target, function, program, refused

AC, WA, TLE, MLE, OLE, RE = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.MLE, Verdict.OLE, Verdict.RE

_LOOK_FOR_CORE = """
import os
def files():
    return {entry.path for folder in ('/work', '/tmp', '/dev/shm') for entry in os.scandir(folder)}
before = files()
if os.fork() == 0: os.abort()
os.wait()
if files() != before: print('ESCAPED', files() - before)
"""
_RAISE_CORE_LIMIT = """
import resource
_, most = resource.getrlimit(resource.RLIMIT_CORE)
for limits in ((most, most), (2**20, 2**20)):
    try: resource.setrlimit(resource.RLIMIT_CORE, limits)
    except ValueError: pass
"""

PROCESSES: tuple[Attack, ...] = (
    program(
        1,
        "fork bomb",
        """
        import os
        while True:
            try: os.fork()
            except OSError: pass
        """,
        TLE,
        target=Target.ROOMY,
    ),
    program(
        1,
        "fork bomb that holds a slot at a time",
        """
        import os
        for _ in range(10**9):
            try:
                if os.fork() == 0: os._exit(0)
            except OSError: pass
        """,
        TLE,
    ),
    program(
        1,
        "fork bomb that gives up",
        "import os, time\nwhile True:\n  if os.fork() == 0: time.sleep(99)",
        RE,
        target=Target.ROOMY,
    ),
    Attack(
        1,
        "fork bomb in C, by vfork",
        """
        #define _GNU_SOURCE
        #include <unistd.h>
        int main(void) {
            for (;;) if (vfork() == 0) { execl("/proc/self/exe", "x", (char *)0); _exit(1); }
        }
        """,
        (TLE,),
        Target.ROOMY,
        language="c",
    ),
    program(
        2,
        "thread bomb",
        """
        import threading, time
        while True: threading.Thread(target=time.sleep, args=(99,)).start()
        """,
        TLE,
    ),
    program(
        2,
        "thread bomb that gives up",
        """
        import threading, time
        while True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
        """,
        RE,
    ),
)

MEMORY: tuple[Attack, ...] = (
    program(3, "memory bomb", "x = []\nwhile True: x.append(bytearray(2**22))", MLE, target=Target.SLOW),
    program(3, "memory at once", "x = bytearray(10 * 2**30)", MLE, target=Target.SLOW),
    program(
        3,
        "memory in many processes",
        """
        import os, time
        for _ in range(16):
            if os.fork() == 0:
                x = bytearray(b'x') * (2**25)
                time.sleep(99)
        time.sleep(99)
        """,
        MLE,
        target=Target.SLOW,
    ),
    program(
        3,
        "memory bomb that would rather see init die",
        """
        import os
        try: open('/proc/self/oom_score_adj', 'w').write('0')
        except OSError: pass
        x = []
        while True:
            x.append(bytearray(2**21))
            if len(x) == 8 and os.fork() == 0: x.clear()
        """,
        MLE,
        target=Target.SLOW,
    ),
    function(3, "memory in a function", "def solve(x): return [0] * 10**9", MLE, target=Target.SLOW_FUNCTION),
    program(
        4,
        "mapped memory",
        "import mmap\nm = mmap.mmap(-1, 2**30)\nfor i in range(0, 2**30, 4096): m[i] = 1",
        MLE,
        target=Target.SLOW,
    ),
    program(
        4,
        "mapped memory of one's own",
        """
        import mmap
        m = mmap.mmap(-1, 2**30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for i in range(0, 2**30, 4096): m[i] = 1
        """,
        MLE,
        target=Target.SLOW,
    ),
    program(
        4,
        "mapped files",
        """
        import mmap, os
        fd = os.open('/work/x', os.O_RDWR | os.O_CREAT)
        os.truncate(fd, 2**25)
        m = mmap.mmap(fd, 2**25)
        x = []
        for i in range(0, 2**25, 4096): m[i] = 1
        while True: x.append(bytearray(2**22))
        """,
        MLE,
        target=Target.SLOW,
    ),
    program(
        4,
        "locked memory",
        """
        m = ctypes.create_string_buffer(2**24)
        if libc.mlock(m, 2**24) == 0 or libc.mlockall(3) == 0: print('ESCAPED')
        """,
        AC,
        calls=True,
    ),
    refused(
        4,
        "huge pages",
        """
        forbidden(9, 0, 2**21, 3, 0x40022, -1, 0)
        forbidden(9, 0, 2**30, 3, 0x40022 | 30 << 26, -1, 0)
        """,
    ),
    program(
        5,
        "memory files",
        """
        fds = []
        for i in range(100):
            fd = os.memfd_create('x'); fds.append(fd)
            os.write(fd, bytes(2**23))
        print('ESCAPED')
        """,
        RE,
        calls=True,
    ),
    refused(5, "secret memory", "forbidden(447, 0)"),
    program(
        5, "shared memory files", "for i in range(99): open(f'/dev/shm/{i}', 'wb').write(bytes(2**20))", RE
    ),
    program(
        5,
        "shared memory of the library",
        """
        from multiprocessing import shared_memory
        kept = [shared_memory.SharedMemory(create=True, size=2**24) for _ in range(16)]
        for one in kept: one.buf[:] = bytes(2**24)
        """,
        RE,
    ),
)

DISK: tuple[Attack, ...] = (
    program(
        6,
        "full disk",
        "f = open('/work/x', 'wb')\nwhile True: f.write(bytes(2**20))",
        RE,
    ),
    program(
        6,
        "full disk, then an answer",
        """
        try:
            with open('/tmp/x', 'wb', 0) as f:
                while True: f.write(bytes(2**20))
        except OSError: pass
        """,
        AC,
    ),
    function(
        6,
        "no room for the result",
        """
        def solve(x):
            try:
                with open('/work/x', 'wb', 0) as f:
                    while True: f.write(bytes(4096))
            except OSError: pass
            return 10
        """,
        RE,
    ),
    program(7, "no files left", "for i in range(9999): open(f'/tmp/{i}', 'w').close()", RE),
    program(
        7,
        "names for one file",
        "import os\nopen('/tmp/x', 'w').close()\nfor i in range(9999): os.link('/tmp/x', f'/tmp/{i}')",
        RE,
    ),
    program(8, "sparse giant file", "open('/work/x', 'wb').truncate(2**40)", RE),
    Attack(
        8,
        "sparse giant file in C",
        """
        #define _FILE_OFFSET_BITS 64
        #include <fcntl.h>
        #include <unistd.h>
        int main(void) { return ftruncate(open("/work/x", O_RDWR | O_CREAT, 0600), 1L << 40); }
        """,
        (RE,),
        language="c",
    ),
    function(
        8,
        "sparse giant result",
        """
        import os
        def solve(x):
            os.truncate(os.open('/work/result.json', os.O_RDWR | os.O_CREAT), 60 * 2**20)
            os._exit(0)
        """,
        OLE,
    ),
    program(
        13,
        "deep folders",
        "import os\nfor i in range(5000):\n  os.mkdir('d'); os.chdir('d')",
        RE,
    ),
    program(
        13,
        "names that nobody can type or remove",
        r"""
        import os
        for name in (b'\xff\n\x1b[2J', b'-rf *', b'x' * 255, b'..\n', b'\xe2\x80\xae', b'a\tb'):
            os.mkdir(b'/work/' + name)
            open(b'/work/' + name + b'/f', 'w').close()
            os.chmod(b'/work/' + name + b'/f', 0)
            os.chmod(b'/work/' + name, 0)
        os.mkdir('/tmp/d'); os.chdir('/tmp/d'); os.rmdir('/tmp/d')
        for place in ('/work', '/tmp', '/dev/shm'): os.chmod(place, 0)
        """,
        AC,
    ),
    function(
        13,
        "a folder that is closed",
        """
        import os
        def solve(x):
            open('/work/result.json', 'w').write('{"value": 10}')
            os.chmod('/work', 0)
            os._exit(0)
        """,
        WA,
    ),
    program(14, "core dump", "import os\nos.abort()", RE),
    program(14, "core dump, looked for", _LOOK_FOR_CORE, AC),
    program(
        14,
        "core dump with a limit of its own, looked for",
        _RAISE_CORE_LIMIT + _LOOK_FOR_CORE,
        AC,
    ),
)

OUTPUT: tuple[Attack, ...] = (
    program(9, "flood on stdout", "while True: print('x' * 4096)", OLE),
    program(9, "flood on stderr", "import sys\nwhile True: print('x' * 4096, file=sys.stderr)", OLE),
    program(
        9,
        "flood from every process",
        """
        import os
        for _ in range(4): os.fork()
        while True: os.write(1, b'x' * 4096)
        """,
        OLE,
        target=Target.ROOMY,
    ),
    program(
        9,
        "flood into a pipe made large",
        """
        import fcntl, os
        fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 2**20)
        while True: os.write(1, b'x' * 2**20)
        """,
        OLE,
    ),
    program(
        9,
        "its own output read back",
        """
        import os, threading, time
        r = os.open('/proc/self/fd/1', os.O_RDONLY)
        def drink():
            while True: os.read(r, 65536)
        threading.Thread(target=drink, daemon=True).start()
        until = time.monotonic() + 0.3
        while time.monotonic() < until: os.write(1, b'x')
        os._exit(0)
        """,
        WA,
    ),
    function(9, "flood from a function", "def solve(x):\n  while True: print('x' * 999)", OLE),
)

KERNEL_MEMORY: tuple[Attack, ...] = (
    program(10, "descriptors", "import os\nfds = []\nwhile True: fds.append(os.dup(0))", RE),
    program(
        10,
        "more descriptors than allowed",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (99999, 99999))",
        RE,
    ),
    program(
        10,
        "event descriptors",
        """
        import os, select
        kept = []
        while True: kept.append(select.epoll())
        """,
        RE,
    ),
    program(
        11,
        "pipes",
        """
        import fcntl, os
        while True:
            r, w = os.pipe(); os.set_blocking(w, False)
            try:
                fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 2**20)
            except OSError: pass
            try:
                while True: os.write(w, bytes(65536))
            except BlockingIOError: pass
        """,
        RE,
        target=Target.ROOMY,
    ),
    program(
        11,
        "sockets",
        """
        import socket
        kept = []
        while True:
            pair = socket.socketpair(); kept.append(pair)
            for one in pair:
                one.setblocking(False)
                try:
                    while True: one.send(bytes(65536))
                except BlockingIOError: pass
        """,
        RE,
    ),
    program(
        11,
        "sockets of many processes",
        """
        import os, socket, time
        for _ in range(3): os.fork()
        kept = []
        try:
            while True:
                kept.append(socket.socketpair())
                for one in kept[-1]:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**30)
                    one.setblocking(False)
                    try:
                        while True: one.send(bytes(65536))
                    except BlockingIOError: pass
        except OSError: time.sleep(0.5)
        """,
        MLE,
        target=Target.SLOW,
    ),
    program(
        11,
        "what closed connections have left",
        """
        import socket, time
        listener = socket.socket(socket.AF_UNIX)
        listener.bind('/tmp/x')
        listener.listen(4000)
        for _ in range(3000):
            with socket.socket(socket.AF_UNIX) as one:
                one.setblocking(False)
                one.connect('/tmp/x')
                try:
                    while True: one.send(bytes(65536))
                except BlockingIOError: pass
        time.sleep(0.5)
        """,
        MLE,
        target=Target.SLOW,
    ),
    program(
        11,
        "datagrams behind an empty one",
        """
        import socket, time
        kept = []
        for number in range(240):
            kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            kept[-1].bind(f'/tmp/{number}')
            for size in (0, *[160_000] * 10):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
                    one.sendto(bytes(size), f'/tmp/{number}')
        time.sleep(0.5)
        """,
        MLE,
        target=Target.SLOW,
    ),
    program(
        11,
        "pending signals",
        """
        import os, signal
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        sent = 0
        try:
            while sent < 10**6:
                signal.pidfd_send_signal(os.pidfd_open(os.getpid()), signal.SIGRTMIN)
                sent += 1
        except OSError: pass
        if sent > 10**5: print('ESCAPED', sent)
        """,
        AC,
    ),
    program(
        11,
        "timers, each with a pending signal",
        """
        event = (ctypes.c_int * 16)(0, 0, 34, 1)  # SIGEV_NONE
        made = 0
        while made < 10**4 and call(222, 1, event, ctypes.byref(ctypes.c_int())) == 0: made += 1
        if made > 2000: print('ESCAPED', made)
        """,
        AC,
        calls=True,
    ),
    program(
        12,
        "huge arguments",
        "import os\nos.execve('/bin/true', ['x' * 100_000] * 200, {})",
        RE,
    ),
    program(
        12,
        "huge environment",
        "import os\nos.execve('/bin/true', ['x'], {f'V{n}': 'x' * 100_000 for n in range(200)})",
        RE,
    ),
    program(
        12,
        "arguments that just fit, again and again",
        """
        import os
        os.execve('/bin/sh', ['sh', '-c', 'exec "$0" -c "$0" "$@"', *['x' * 120_000] * 30], {})
        """,
        WA,
        RE,
        because="what the shell makes of it",
    ),
)

TIME: tuple[Attack, ...] = (
    program(15, "slow regular expression", "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')", TLE),
    program(15, "huge integer", "print((3 ** 40_000_000) % 7)", TLE),
    program(
        15,
        "recursion",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
        MLE,
        target=Target.SLOW,
    ),
    program(
        15,
        "recursion in C",
        """
        import json, sys
        sys.setrecursionlimit(10**9)
        a = []
        for _ in range(600_000): a = [a]
        json.dumps(a)
        """,
        RE,
        target=Target.SLOW,
    ),
    Attack(
        15,
        "a source that its reader would need minutes for",
        "\n" * 250_000 + "console.log(2 * Number(require('fs').readFileSync(0, 'utf8')));\n",
        (AC,),
        target=Target.SLOW,
        language="javascript",
    ),
    Attack(
        15,
        "recursion in a compiled program",
        "int f(int n) { volatile char a[4096]; a[n % 4096] = 1; return f(n + 1) + a[0]; }\n"
        "int main(void) { return f(1); }",
        (RE,),
        language="c",
    ),
    function(15, "endless loop in a function", "def solve(x):\n  while True: pass", TLE),
    program(
        15,
        "endless loop in every process",
        """
        import os
        for _ in range(5): os.fork()
        while True: pass
        """,
        TLE,
        target=Target.ROOMY,
    ),
    program(16, "sleep for ever", "import time\ntime.sleep(1e6)", TLE),
    program(
        16,
        "wait for nothing",
        "import os\nr, w = os.pipe()\nos.read(r, 1)",
        TLE,
    ),
    function(16, "sleep in a function", "import time\ndef solve(x): time.sleep(99)", TLE),
)

EXHAUSTION = (*PROCESSES, *MEMORY, *DISK, *OUTPUT, *KERNEL_MEMORY, *TIME)
