"""Programs that try to break out of, outlive or exhaust their box. Each prints ESCAPED where it succeeds."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from sandbox.job import Status

ENDED_BY_LIMIT = frozenset({Status.TIME_LIMIT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT})
FAILED = frozenset({Status.NONZERO_EXIT, Status.SIGNALLED})
ANY = ENDED_BY_LIMIT | FAILED | {Status.OK}

_CALL = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    def call(number, *args):
        return libc.syscall(ctypes.c_long(number), *args)
    def forbidden(number, *args):
        if call(number, *args) != -1: print('ESCAPED', number)
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """`ends` are the statuses that may come of it."""

    name: str
    source: str
    ends: frozenset[Status] = ANY


def _attack(name: str, source: str, ends: frozenset[Status] = ANY, *, calls: bool = False) -> Attack:
    text = (textwrap.dedent(_CALL) if calls else "") + textwrap.dedent(source)
    return Attack(name, text, ends)


EXHAUSTION = (
    _attack("fork bomb", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", ENDED_BY_LIMIT),
    _attack(
        "thread bomb",
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()",
        ENDED_BY_LIMIT | FAILED,
    ),
    _attack(
        "memory bomb", "x = []\nwhile True: x.append(bytearray(2**22))", frozenset({Status.MEMORY_LIMIT})
    ),
    _attack(
        "mapped memory",
        "import mmap\nm = mmap.mmap(-1, 2**30)\nfor i in range(0, 2**30, 4096): m[i] = 1",
        frozenset({Status.MEMORY_LIMIT}),
    ),
    _attack("locked memory", "forbidden(149, ctypes.c_void_p(id(libc) & ~4095), 2**24)", calls=True),
    _attack(
        "memory files",
        """
        fds = []
        for i in range(100):
            fd = os.memfd_create('x'); fds.append(fd)
            os.write(fd, bytes(2**23))
        print('ESCAPED')
    """,
        ENDED_BY_LIMIT | FAILED,
        calls=True,
    ),
    _attack(
        "shared memory files", "for i in range(99): open(f'/dev/shm/{i}', 'wb').write(bytes(2**20))", FAILED
    ),
    _attack("full disk", "open('/work/x', 'wb').write(bytes(2**24)); print('ESCAPED')", FAILED),
    _attack(
        "no files left", "for i in range(9999): open(f'/tmp/{i}', 'w').close()\nprint('ESCAPED')", FAILED
    ),
    _attack("sparse giant file", "open('/work/x', 'wb').truncate(2**40); print('ESCAPED')", FAILED),
    _attack("flood on stdout", "while True: print('x' * 4096)", frozenset({Status.OUTPUT_LIMIT})),
    _attack(
        "flood on stderr",
        "import sys\nwhile True: print('x' * 4096, file=sys.stderr)",
        frozenset({Status.OUTPUT_LIMIT}),
    ),
    _attack("descriptors", "import os\nfds = []\nwhile True: fds.append(os.dup(0))", FAILED),
    _attack(
        "pipes",
        """
        import os
        while True:
            r, w = os.pipe(); os.set_blocking(w, False)
            try:
                while True: os.write(w, bytes(65536))
            except BlockingIOError: pass
    """,
        ENDED_BY_LIMIT | FAILED,
    ),
    _attack(
        "deep folders",
        """
        import os
        for i in range(5000):
            os.mkdir('d'); os.chdir('d')
    """,
        FAILED,
    ),
    _attack("names that are no text", "open(b'/work/\\xff\\n\\x1b[2J', 'w').close()"),
    _attack("core dump", "import os\nos.abort()", frozenset({Status.SIGNALLED})),
    _attack(
        "slow regular expression",
        "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')",
        frozenset({Status.TIME_LIMIT}),
    ),
    _attack("huge integer", "print(len(bin(7 ** (10 ** 9))))", ENDED_BY_LIMIT),
    _attack(
        "recursion", "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()", ENDED_BY_LIMIT | FAILED
    ),
    _attack("sleep for ever", "import time\ntime.sleep(1e6)", frozenset({Status.TIME_LIMIT})),
)

LIFETIME = (
    _attack(
        "daemon",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(60)
            os._exit(0)
    """,
        frozenset({Status.OK}),
    ),
    _attack(
        "stopped", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", frozenset({Status.TIME_LIMIT})
    ),
    _attack("stopped group", "import os, signal\nos.kill(0, signal.SIGSTOP)", frozenset({Status.TIME_LIMIT})),
    _attack(
        "deaf to signals",
        """
        import signal
        for n in (signal.SIGTERM, signal.SIGXCPU, signal.SIGINT): signal.signal(n, signal.SIG_IGN)
        while True: pass
    """,
        frozenset({Status.TIME_LIMIT}),
    ),
    _attack(
        "grandchild keeps stdout",
        """
        import os, time
        if os.fork() == 0:
            time.sleep(60)
    """,
        frozenset({Status.OK}),
    ),
    _attack("kill everyone", "import os\nos.kill(-1, 9)\nprint('alive')"),
    _attack(
        "kill init",
        """
        import os, signal
        for n in (9, 19, 15):
            try: os.kill(1, n)
            except PermissionError: pass
        print('alive')
    """,
        frozenset({Status.OK}),
    ),
    _attack(
        "every signal to init",
        """
        import os, signal
        for n in signal.valid_signals():
            try: os.kill(1, n)
            except PermissionError: pass
        print('alive')
    """,
        frozenset({Status.OK}),
    ),
    _attack(
        "signals to init through a descriptor's owner",
        """
        import fcntl, os, signal
        for n in (signal.SIGKILL, signal.SIGINT, signal.SIGUSR1):
            r, w = os.pipe()
            fcntl.fcntl(r, fcntl.F_SETOWN, 1); fcntl.fcntl(r, 10, n)
            fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
            os.write(w, b'x')
    """,
        frozenset({Status.OK}),
    ),
    _attack(
        "init's limits",
        """
        import resource
        resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))
        print('ESCAPED')
    """,
        FAILED,
    ),
    _attack(
        "init's priority",
        """
        import os
        for what in (lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
                     lambda: os.setpriority(os.PRIO_USER, 0, 19),
                     lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
                     lambda: os.sched_setaffinity(1, {0})):
            try:
                what()
                print('ESCAPED')
            except OSError: pass
    """,
        frozenset({Status.OK}),
    ),
    _attack("a closed folder", "import os\nos.chmod('/work', 0)", frozenset({Status.OK})),
    _attack(
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
        frozenset({Status.OK}),
    ),
    _attack("close the standard streams", "import os\nos.closerange(0, 99)", frozenset({Status.OK, *FAILED})),
)

KERNEL = (
    _attack("trace init", "forbidden(101, 16, 1, 0, 0)", calls=True),
    _attack("write into init", "forbidden(311, 1, 0, 0, 0, 0, 0)", calls=True),
    _attack("read from init", "forbidden(310, 1, 0, 0, 0, 0, 0)", calls=True),
    _attack("steal a descriptor", "fd = os.pidfd_open(1)\nforbidden(438, fd, 0, 0)", calls=True),
    _attack("io_uring", "forbidden(425, 8, ctypes.create_string_buffer(256))", calls=True),
    _attack("userfaultfd", "forbidden(323, 0)", calls=True),
    _attack("bpf", "forbidden(321, 0, ctypes.create_string_buffer(128), 128)", calls=True),
    _attack("perf", "forbidden(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)", calls=True),
    _attack("keyrings", "forbidden(250, 0, -3, 0)\nforbidden(248, b'user', b'x', b'y', 1, -3)", calls=True),
    _attack(
        "mount", "forbidden(165, b'none', b'/tmp', b'tmpfs', 0, 0)\nforbidden(430, b'tmpfs', 0)", calls=True
    ),
    _attack("pivot_root", "forbidden(155, b'/', b'/tmp')\nforbidden(161, b'/tmp')", calls=True),
    _attack("namespaces", "forbidden(272, 0x10000000)\nforbidden(56, 0x10000011, 0, 0, 0, 0)", calls=True),
    _attack("clone3", "forbidden(435, ctypes.create_string_buffer(88), 88)", calls=True),
    _attack("setns", "forbidden(308, os.open('/proc/self/ns/net', 0), 0)", calls=True),
    _attack("open_by_handle_at", "forbidden(304, -100, ctypes.create_string_buffer(64), 0)", calls=True),
    _attack("x32 call", "forbidden(0x40000000 | 39)", frozenset({Status.SIGNALLED}), calls=True),
    _attack("modules", "forbidden(313, 0, b'', 0)\nforbidden(175, b'', 0, b'')", calls=True),
    _attack(
        "reboot and swap",
        "forbidden(169, 0xfee1dead, 672274793, 0x1234567, 0)\nforbidden(167, b'/x', 0)",
        calls=True,
    ),
    _attack("clock", "forbidden(227, 0, ctypes.create_string_buffer(16))", calls=True),
    _attack("personality", "forbidden(135, 0x0040000)", calls=True),
    _attack("terminal injection", "import fcntl\nfcntl.ioctl(0, 0x5412, b'x')\nprint('ESCAPED')", FAILED),
    _attack("become root", "forbidden(105, 0)\nforbidden(113, 0, 0)", calls=True),
    _attack(
        "set-uid file",
        """
        open('/work/x', 'w').write('#!/bin/sh\\nid -u')
        os.chmod('/work/x', 0o4755)
        print('ESCAPED' if os.popen('/work/x').read().strip() == '0' else 'no')
    """,
        calls=True,
    ),
)

FILES = (
    _attack("init's memory", "open('/proc/1/mem', 'rb').read(1)\nprint('ESCAPED')", FAILED),
    _attack("init's environment", "open('/proc/1/environ', 'rb').read(1)\nprint('ESCAPED')", FAILED),
    _attack("init's root", "import os\nos.listdir('/proc/1/root')\nprint('ESCAPED')", FAILED),
    _attack("init's descriptors", "import os\nos.listdir('/proc/1/fd')\nprint('ESCAPED')", FAILED),
    _attack(
        "kernel settings", "open('/proc/sys/kernel/core_pattern', 'w').write('|/x')\nprint('ESCAPED')", FAILED
    ),
    _attack("sysfs", "import os\nos.listdir('/sys/fs/cgroup')\nprint('ESCAPED')", FAILED),
    _attack(
        "the zygote's command line",
        """
        import sys
        told = open('/proc/1/cmdline').read() + open('/proc/self/cmdline').read() + ' '.join(sys.orig_argv)
        print('ESCAPED' if '/store' in told else 'no')
    """,
    ),
    _attack(
        "watch shared files",
        """
        forbidden(294, 0)
        fd = os.open('/usr/bin/env', os.O_RDONLY)
        forbidden(72, fd, 1024, 0)
        forbidden(72, os.open('/usr/bin', os.O_RDONLY), 1026, 1)
    """,
        calls=True,
    ),
    _attack("huge pages", "forbidden(9, 0, 2**21, 3, 0x40022, -1, 0)", calls=True),
    _attack("host accounts", "print('ESCAPED' if 'shadow' in __import__('os').listdir('/etc') else 'no')"),
    _attack(
        "host homes",
        "import os\nprint([p for p in ('/home', '/var', '/srv', '/mnt') if os.path.exists(p)] and 'ESCAPED')",
    ),
    _attack(
        "device nodes",
        "import os, stat\nos.mknod('/work/d', stat.S_IFBLK | 0o600, 8)\nprint('ESCAPED')",
        FAILED,
    ),
    _attack(
        "raw disk", "import glob\nprint('ESCAPED' if glob.glob('/dev/sd*') + glob.glob('/dev/vd*') else 'no')"
    ),
    _attack(
        "startup file",
        """
        import os
        for place in ('/packages', os.path.dirname(os.__file__), '/usr/lib/python3'):
            try:
                open(place + '/sitecustomize.py', 'w')
                print('ESCAPED', place)
            except OSError: pass
    """,
    ),
)

NETWORK = (
    _attack(
        "internet", "import socket\nsocket.create_connection(('1.1.1.1', 53), 1)\nprint('ESCAPED')", FAILED
    ),
    _attack(
        "loopback",
        "import socket\nsocket.create_connection(('127.0.0.1', 6379), 1)\nprint('ESCAPED')",
        FAILED,
    ),
    _attack(
        "metadata address",
        "import urllib.request\nurllib.request.urlopen('http://169.254.169.254', None, 1)\nprint('ESCAPED')",
        FAILED,
    ),
    _attack("names", "import socket\nsocket.getaddrinfo('example.org', 80)\nprint('ESCAPED')", FAILED),
    _attack("netlink", "import socket\nsocket.socket(16, 3, 0)\nprint('ESCAPED')", FAILED),
    _attack("vsock", "import socket\nsocket.socket(40, 1, 0)\nprint('ESCAPED')", FAILED),
    _attack("raw packets", "import socket\nsocket.socket(17, 3, 0)\nprint('ESCAPED')", FAILED),
    _attack(
        "host sockets",
        "import glob\nprint('ESCAPED' if glob.glob('/tmp/**/*.sock', recursive=True) else 'no')",
    ),
)
