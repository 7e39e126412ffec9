"""Attacks 25–37: system calls that no submission has a use for. They are refused; the program lives on."""

from __future__ import annotations

from grader.verdict import Verdict
from tests.hostile.attack import Attack, program, refused

AC, RE = Verdict.AC, Verdict.RE

KERNEL: tuple[Attack, ...] = (
    refused(25, "trace init", "forbidden(101, 16, 1, 0, 0)\nforbidden(101, 0x4206, 1, 0, 0)"),
    refused(25, "be traced", "forbidden(101, 0, 0, 0, 0)"),
    refused(26, "write into init", "forbidden(311, 1, 0, 0, 0, 0, 0)"),
    refused(26, "read from init", "forbidden(310, 1, 0, 0, 0, 0, 0)"),
    refused(26, "steal a descriptor", "fd = os.pidfd_open(1)\nforbidden(438, fd, 0, 0)"),
    refused(26, "advise init's memory", "fd = os.pidfd_open(1)\nforbidden(440, fd, 0, 0, 0, 0)"),
    refused(26, "compare kernel objects", "forbidden(312, 1, 2, 0, 0, 0)"),
    refused(26, "move init's pages", "forbidden(256, 1, 0, 0, 0)\nforbidden(279, 1, 0, 0, 0, 0, 0)"),
    refused(
        27,
        "io_uring",
        """
        forbidden(425, 8, ctypes.create_string_buffer(256))
        forbidden(426, 3, 1, 1, 1, 0)
        forbidden(427, 3, 0, 0, 0)
        """,
    ),
    refused(27, "asynchronous input and output", "forbidden(206, 8, ctypes.create_string_buffer(8))"),
    refused(28, "userfaultfd", "forbidden(323, 0)\nforbidden(323, 1)"),
    refused(29, "bpf", "forbidden(321, 0, ctypes.create_string_buffer(128), 128)"),
    refused(29, "perf", "forbidden(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)"),
    refused(29, "a filter of its own", "forbidden(317, 1, 0, 0)\nforbidden(157, 22, 2, 0, 0, 0)"),
    refused(
        29, "modules", "forbidden(313, 0, b'', 0)\nforbidden(175, b'', 0, b'')\nforbidden(246, 0, 0, 0, 0)"
    ),
    refused(30, "keyrings", "forbidden(250, 0, -3, 0)\nforbidden(248, b'user', b'x', b'y', 1, -3)"),
    refused(
        31,
        "mount",
        """
        forbidden(165, b'none', b'/tmp', b'tmpfs', 0, 0)
        forbidden(430, b'tmpfs', 0)
        forbidden(428, -100, b'/', 1)
        forbidden(429, 3, b'', -100, b'/tmp', 0)
        forbidden(442, -100, b'/', 0, 0, 0)
        forbidden(166, b'/proc', 2)
        """,
    ),
    refused(31, "pivot_root", "forbidden(155, b'/', b'/tmp')\nforbidden(161, b'/tmp')"),
    refused(
        31,
        "reboot and swap",
        """
        forbidden(169, 0xfee1dead, 672274793, 0x1234567, 0)
        forbidden(167, b'/x', 0)
        forbidden(163, b'/tmp/x')
        forbidden(170, b'x', 1)
        """,
    ),
    refused(
        32,
        "namespaces",
        """
        for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            forbidden(272, flag)
            if flag != 0x80: forbidden(56, flag | 17, 0, 0, 0, 0)
        """,
    ),
    refused(32, "clone3", "forbidden(435, ctypes.create_string_buffer(88), 88)"),
    refused(
        32,
        "become root",
        "forbidden(105, 0)\nforbidden(113, 0, 0)\nforbidden(117, 0, 0, 0)\nforbidden(126, 0, 0)",
    ),
    program(
        32,
        "set-uid file",
        """
        open('/work/x', 'w').write('#!/bin/sh\\nid -u')
        os.chmod('/work/x', 0o4755)
        if os.popen('/work/x').read().strip() == '0': print('ESCAPED')
        """,
        AC,
        calls=True,
    ),
    program(
        32,
        "set-uid programs of the host",
        """
        import subprocess
        for name in ('su', 'passwd', 'mount', 'newgrp', 'sudo'):
            try:
                done = subprocess.run([name, '--version'], capture_output=True, timeout=1)
                status = subprocess.run(['sh', '-c', 'cat /proc/self/status'], capture_output=True, text=True)
                if 'CapEff:\\t0000000000000000' not in status.stdout: print('ESCAPED', name)
            except (OSError, subprocess.TimeoutExpired): pass
        """,
        AC,
        calls=True,
    ),
    refused(
        33,
        "setns",
        "for name in os.listdir('/proc/self/ns'): forbidden(308, os.open('/proc/self/ns/' + name, 0), 0)",
    ),
    refused(33, "setns by process", "forbidden(308, os.pidfd_open(1), 0x20000)"),
    refused(
        34,
        "open_by_handle_at",
        """
        forbidden(304, -100, ctypes.create_string_buffer(64), 0)
        forbidden(303, -100, b'/', ctypes.create_string_buffer(64), ctypes.create_string_buffer(8), 0)
        """,
    ),
    program(35, "x32 call", "forbidden(0x40000000 | 39)", RE, calls=True),
    program(
        35,
        "i386 call",
        """
        import mmap
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(bytes.fromhex('b814000000cd80c3'))  # mov eax, getpid; int 0x80; ret
        run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
        print('ESCAPED', run())
        """,
        RE,
        calls=True,
    ),
    refused(35, "numbers that nobody knows", "for n in (387, 400, 548, 600, 2**20, 2**29): forbidden(n)"),
    program(
        35,
        "a call that some kernels let pass every filter",
        "forbidden(335)\nforbidden(336)",
        AC,
        RE,
        calls=True,
        because="kernels that know uretprobe answer it with SIGILL",
    ),
    refused(
        36,
        "terminal injection",
        """
        letter = ctypes.create_string_buffer(b'x')
        for request in (0x5412, 0x541C):
            forbidden(16, 0, request, letter)
            forbidden(16, 0, request | 1 << 32, letter)
        """,
    ),
    refused(
        36, "terminals", "if os.path.exists('/dev/tty') or os.path.exists('/dev/ptmx'): print('ESCAPED')"
    ),
    refused(
        37,
        "clock",
        """
        buffer = ctypes.create_string_buffer(256)
        forbidden(227, 0, buffer)
        forbidden(164, buffer, 0)
        forbidden(159, buffer)
        forbidden(305, 0, buffer)
        """,
    ),
    refused(37, "personality", "forbidden(135, 0x0040000)\nforbidden(135, 0x0400000)\nforbidden(135, 8)"),
    refused(37, "the host's name", "forbidden(170, b'x', 1)\nforbidden(171, b'x', 1)"),
    refused(37, "log of the kernel", "forbidden(103, 3, ctypes.create_string_buffer(64), 64)"),
    refused(37, "ports", "forbidden(172, 3)\nforbidden(173, 0, 1, 1)\nforbidden(154, 1, 0, 0)"),
)
