"""Attacks 17–24: programs that want to outlive their run, or to end it as they like."""

from __future__ import annotations

from grader.verdict import Verdict
from tests.hostile.attack import Attack, function, program

AC, WA, TLE, RE = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.RE

STAYING: tuple[Attack, ...] = (
    program(
        17,
        "daemon",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(60)
            os._exit(0)
        """,
        AC,
    ),
    program(
        17,
        "daemons that make new ones",
        """
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            while True:
                try:
                    if os.fork() == 0: time.sleep(0.01)
                except OSError: time.sleep(0.01)
        """,
        AC,
    ),
    program(
        17,
        "children of init's",
        """
        import signal, time
        CLONE_PARENT = 0x8000
        for exit_signal in (0, 17, 9, 2):
            if call(56, CLONE_PARENT | exit_signal, 0, 0, 0, 0) == 0:
                if exit_signal != 9: time.sleep(60)
                os._exit(0)
        """,
        AC,
        calls=True,
    ),
    program(18, "stopped", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", TLE),
    program(18, "stopped group", "import os, signal\nos.kill(0, signal.SIGSTOP)", TLE),
    program(
        18,
        "stopped by its child",
        """
        import os, signal, time
        parent = os.getpid()
        if os.fork() == 0:
            while True: os.kill(parent, signal.SIGSTOP)
        time.sleep(99)
        """,
        TLE,
    ),
    program(
        19,
        "deaf to signals",
        """
        import signal
        for n in (signal.SIGTERM, signal.SIGXCPU, signal.SIGINT): signal.signal(n, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True: pass
        """,
        TLE,
    ),
    program(
        20,
        "grandchild keeps stdout",
        """
        import os, time
        if os.fork() == 0:
            time.sleep(60)
        """,
        AC,
    ),
    program(
        20,
        "grandchild floods stdout after the end",
        """
        import os, time
        if os.fork() == 0:
            parent = os.getppid()
            while os.getppid() == parent: pass
            while True: os.write(1, b'x' * 65536)
        """,
        AC,
        WA,
        Verdict.OLE,
        because="how much it wrote between its parent's end and its own",
    ),
    function(
        20,
        "grandchild keeps writing the result",
        """
        import os
        def solve(x):
            if os.fork() == 0:
                while True: open('/work/result.json', 'w').write('{"value": 77}')
            return 5
        """,
        WA,
    ),
)

KILLING: tuple[Attack, ...] = (
    program(
        21,
        "kill everyone",
        "import os, time\nif os.fork() == 0: time.sleep(60)\nos.kill(-1, 9)",
        AC,
    ),
    program(
        21,
        "kill init",
        """
        import os, signal
        for n in (9, 19, 15):
            try: os.kill(1, n)
            except PermissionError: pass
        """,
        AC,
    ),
    program(
        21,
        "every signal to init",
        """
        import os, signal
        for n in signal.valid_signals():
            try: os.kill(1, n)
            except PermissionError: pass
            try: signal.pidfd_send_signal(os.pidfd_open(1), n)
            except PermissionError: pass
        """,
        AC,
    ),
    program(
        21,
        "signals to init through a descriptor's owner",
        """
        import fcntl, os, signal
        for n in (signal.SIGKILL, signal.SIGINT, signal.SIGUSR1):
            r, w = os.pipe()
            fcntl.fcntl(r, fcntl.F_SETOWN, 1); fcntl.fcntl(r, 10, n)
            fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
            os.write(w, b'x')
        """,
        AC,
    ),
    program(
        21,
        "init's limits",
        """
        import resource
        for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
            try:
                resource.prlimit(1, kind, (0, 0))
                print('ESCAPED')
            except PermissionError: pass
        """,
        AC,
    ),
    program(
        21,
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
        AC,
    ),
    program(
        21,
        "a real-time priority of its own",
        """
        import os
        first = os.sched_param(99)
        for what in (lambda: os.sched_setscheduler(0, os.SCHED_FIFO, first), lambda: os.nice(-5)):
            try:
                what()
                print('ESCAPED')
            except OSError: pass
        """,
        AC,
    ),
)

ENDING: tuple[Attack, ...] = (
    program(22, "an end before the answer", "import os\nos._exit(0)", WA),
    function(22, "an end before the tests", "import os\nos._exit(0)", RE),
    function(22, "an end inside the call", "import os\ndef solve(x): os._exit(0)", RE),
    function(22, "an end by SystemExit", "def solve(x): raise SystemExit(0)", RE),
    function(
        22,
        "an end by exec of something that succeeds",
        "import os\ndef solve(x): os.execv('/bin/true', ['true'])",
        RE,
    ),
    program(
        23,
        "an answer and an end from atexit",
        """
        import atexit, os
        atexit.register(os._exit, 0)
        atexit.register(print, 'AC')
        """,
        WA,
        RE,
        because="whether what is buffered is lost with the end",
    ),
    function(
        23,
        "a verdict from atexit",
        """
        import atexit, os
        def forge():
            open('/work/result.json', 'w').write('{"value": "AC", "verdict": "AC", "score": 100}')
            os._exit(0)
        atexit.register(forge)
        def solve(x): return 0
        """,
        WA,
    ),
    function(
        23,
        "a verdict from __del__",
        """
        class Last:
            def __del__(self):
                open('/work/result.json', 'w').write('{"value": null, "verdict": "AC"}')
        last = Last()
        def solve(x):
            global last
            del last
            return 0
        """,
        WA,
    ),
    function(
        23,
        "a good end from excepthook",
        """
        import os, sys, threading
        sys.excepthook = lambda *a: os._exit(0)
        sys.unraisablehook = threading.excepthook = sys.excepthook
        def solve(x): raise ValueError
        """,
        RE,
    ),
    function(
        23,
        "a verdict from a thread that outlives the call",
        """
        import os, threading, time
        def forge():
            while not os.path.exists('/work/result.json'): time.sleep(0.001)
            time.sleep(0.05)
            open('/work/result.json', 'w').write('{"value": 11}')
            os._exit(0)
        def solve(x):
            threading.Thread(target=forge).start()
            return 0
        """,
        WA,
    ),
    program(
        24,
        "close the standard streams",
        "import os\nos.closerange(0, 99)",
        RE,
    ),
    function(
        24,
        "close the standard streams, then answer",
        """
        import os
        def solve(x):
            os.closerange(0, 99)
            return {1: 10, 2: 903, 3: 8_112_963_841_460_668}[x]
        """,
        AC,
    ),
    program(
        24,
        "put files in the streams' places",
        """
        import os
        for fd in (1, 2): os.dup2(os.open('/work/x', os.O_RDWR | os.O_CREAT), fd)
        """,
        WA,
    ),
)

LIFETIME = (*STAYING, *KILLING, *ENDING)
