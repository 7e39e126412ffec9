"""Attacks 51–55 and 60: a right answer without a solution.

Expected values never enter the box, so whatever these do to the harness, they only change the value that
they are judged by.
"""

from __future__ import annotations

from grader.verdict import Verdict
from tests.hostile.attack import Attack, Target, function, program
from tests.hostile.problems import SECRET

AC, WA, TLE, RE = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.RE

SEARCHING: tuple[Attack, ...] = (
    function(
        51,
        "every object of the collector",
        """
        import gc
        def solve(x):
            for found in gc.get_objects():
                if isinstance(found, dict):
                    for key in ('expected', 'answer', 'output', 'value'):
                        if type(found.get(key)) is int: return found[key]
            return -1
        """,
        WA,
    ),
    function(
        51,
        "frames up to the first",
        """
        import sys
        def solve(x):
            frame, seen = sys._getframe(), []
            while frame:
                for scope in (frame.f_locals, frame.f_globals, frame.f_builtins):
                    seen += [v for k, v in list(scope.items()) if type(v) is int and v > 8 and v != x]
                    if 'expected' in scope or 'answer' in scope: print('ESCAPED', scope)
                frame = frame.f_back
            return seen[-1] if seen else -1
        """,
        WA,
    ),
    function(
        51,
        "frames, to leave the driver a result",
        """
        import sys
        def solve(x):
            frame = sys._getframe(1)
            while frame:
                frame.f_locals.update(report={'value': 10}, verdict='AC')
                frame.f_globals.update(report={'value': 10})
                frame = frame.f_back
            return -1
        """,
        WA,
    ),
    function(
        51,
        "modules of the judge",
        """
        import sys
        def solve(x):
            for name in list(sys.modules):
                if name.split('.')[0] in ('grader', 'questionbank', 'django', 'celery', 'pytest', 'redis'):
                    print('ESCAPED', name)
            for name in ('grader.judge.judging', 'questionbank', 'django', 'tests'):
                try:
                    __import__(name)
                    print('ESCAPED', name)
                except ImportError: pass
            return -1
        """,
        WA,
    ),
    function(
        51,
        "closures and defaults of everything",
        """
        import gc, types
        def solve(x):
            for f in gc.get_objects():
                if isinstance(f, types.FunctionType):
                    for cell in f.__closure__ or ():
                        try:
                            if type(cell.cell_contents) is int: return cell.cell_contents
                        except ValueError: pass
            return -1
        """,
        WA,
    ),
    function(
        51,
        "the whole memory",
        f"""
        import struct
        REVERSED = (b'{str(SECRET)[::-1]}', {SECRET.to_bytes(8, "little")[::-1]!r})
        def solve(x):
            with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
                for line in maps:
                    bounds, rights, *_ = line.split()
                    start, end = (int(n, 16) for n in bounds.split('-'))
                    if rights[0] != 'r' or '[v' in line: continue
                    try:
                        memory.seek(start)
                        data = memory.read(end - start)[::-1]
                    except (OSError, OverflowError): continue
                    for pattern in REVERSED:
                        if data.count(pattern) > (pattern in repr(REVERSED).encode()): print('ESCAPED', line)
            return -1
        """,
        WA,
        target=Target.SLOW_FUNCTION,
    ),
    function(
        51,
        "files of the tests",
        """
        import glob
        def solve(x):
            for path in glob.glob('/work/**', recursive=True) + glob.glob('/tmp/**', recursive=True):
                if path.endswith(('.ans', '.jsonl', 'call.json', '.yaml', '.in')): print('ESCAPED', path)
            return -1
        """,
        WA,
    ),
    program(
        51,
        "the answer beside the input",
        """
        import os
        for n in range(16):
            for name in (f'/proc/self/fd/{n}', f'/work/{n}.ans', '/work/answer', '/work/expected'):
                try:
                    data = open(name, 'rb').read(100) if n != 0 and os.path.isfile(name) else b''
                    if data: print('ESCAPED', name, data)
                except OSError: pass
        """,
        AC,
    ),
)

PATCHING: tuple[Attack, ...] = (
    function(
        52,
        "a json module of its own",
        """
        import json
        json.dumps = lambda *a, **k: '{"value": "AC", "verdict": "AC"}'
        json.JSONEncoder.encode = json.dumps
        def solve(x): return 0
        """,
        WA,
    ),
    function(
        52,
        "another type()",
        """
        def solve(x):
            import builtins
            builtins.type = lambda v: int
            builtins.isinstance = lambda *a: True
            return 'AC'
        """,
        WA,
        RE,
        because="how far the driver comes with it",
    ),
    function(
        52,
        "another driver",
        """
        import sys
        def solve(x):
            sys.modules['__main__'].Plain.of = lambda s, v: 'AC'
            return 1
        """,
        WA,
    ),
    function(
        52,
        "another harness below the driver",
        """
        import os, sys
        program = sys.modules.get('sandbox.program')
        program._finish = lambda code: 0
        program._exit_code = lambda stop: 0
        os._exit, real = (lambda code: real(0)), os._exit
        def solve(x): raise ValueError
        """,
        RE,
    ),
    function(
        52,
        "another pathlib",
        """
        import pathlib
        pathlib.Path.write_text = lambda *a, **k: open('/work/result.json', 'w').write('{"value": true}')
        def solve(x): return 0
        """,
        WA,
    ),
    function(
        52,
        "another comparison",
        """
        import builtins, math, operator
        operator.eq = math.isclose = lambda *a, **k: True
        builtins.abs = builtins.round = lambda *a: 0
        builtins.all = builtins.any = lambda *a: True
        def solve(x): return 0
        """,
        WA,
    ),
    function(
        52,
        "clocks that stand still",
        """
        import time
        for name in ('time', 'monotonic', 'perf_counter', 'process_time', 'thread_time'):
            setattr(time, name, lambda: 0.0)
        def solve(x):
            while True: pass
        """,
        TLE,
    ),
    function(
        52,
        "a sleep that does not sleep",
        """
        import signal, time
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        signal.signal(signal.SIGALRM, lambda *a: None)
        def solve(x):
            while True: time.sleep(1)
        """,
        TLE,
    ),
    function(
        52,
        "random numbers it knows",
        """
        import random, sys
        random.seed(0); random.random = lambda: 0.5
        sys.setrecursionlimit(50)
        def solve(x): return int(random.random() * 20)
        """,
        WA,
    ),
    function(
        52,
        "builtins of its own",
        """
        import builtins
        def solve(x):
            for name in ('len', 'zip', 'callable', 'open', 'print', 'dict', 'list', 'str', 'int'):
                setattr(builtins, name, lambda *a, **k: 10)
            return 0
        """,
        RE,
    ),
    function(
        52,
        "the list in the driver's hands",
        """
        import gc
        def solve(x):
            for found in gc.get_objects():
                if type(found) is dict and 'args' in found and 'types' in found:
                    found['function'] = 'print'; found['args'][:] = []
            return 0
        """,
        WA,
    ),
)

_LIES: tuple[tuple[str, str, Verdict], ...] = (
    (
        "an int that equals everything",
        "class Yes(int):\n  __eq__ = lambda s, o: True\n  __hash__ = int.__hash__\n"
        "def solve(x): return Yes(0)",
        WA,
    ),
    (
        "an object that equals everything",
        "class Yes:\n  __eq__ = lambda s, o: True\ndef solve(x): return Yes()",
        WA,
    ),
    (
        "an object that says it is an int",
        "class Int:\n  __class__ = property(lambda s: int)\n  __int__ = __index__ = lambda s: 10\n"
        "def solve(x): return Int()",
        WA,
    ),
    (
        "a class whose instances are all ints",
        "class M(type):\n  __instancecheck__ = __eq__ = lambda c, o: True\n  __hash__ = type.__hash__\n"
        "class I(metaclass=M): pass\ndef solve(x): return I()",
        RE,
    ),
    ("the right number as a bool", "def solve(x): return {1: True}.get(x, False)", WA),
    ("the right number as a float", f"def solve(x): return {{1: 10.0, 2: 903.0, 3: {SECRET}.0}}[x]", WA),
    ("the right number as a text", f"def solve(x): return {{1: '10', 2: '903', 3: '{SECRET}'}}[x]", WA),
    (
        "the right number as an enumeration's",
        "import enum\nE = enum.IntEnum('E', {'A': 10})\ndef solve(x): return E.A",
        WA,
    ),
    ("the right number in a list", "def solve(x): return [10]", WA),
    ("a number with digits without end", "def solve(x): return 10**4000", WA),
    ("a number with more digits than JSON takes", "def solve(x): return 10**6000", WA),
    ("infinity", "def solve(x): return float('inf')", WA),
    ("not a number", "def solve(x): return float('nan')", WA),
    ("nothing", "def solve(x): return None", WA),
    ("itself", "def solve(x): return solve", WA),
    ("lists in a list", "def solve(x): return [[]] * 3", WA),
    ("a list in itself", "def solve(x):\n  a = []\n  a.append(a)\n  return a", WA),
    ("lists without end", "def solve(x):\n  a = []\n  for _ in range(10**5): a = [a]\n  return a", WA),
    ("a generator of right answers", "def solve(x):\n  yield 10", WA),
    ("a coroutine", "async def solve(x): return 10", WA),
    ("half of a pair", "def solve(x): return '\\ud800'", WA),
    ("a dict that looks like the driver's", "def solve(x): return {'$tuple': [10], '$ndarray': 1}", WA),
    (
        "a list that changes while it is read",
        "import threading\ndef solve(x):\n  a = [0] * 1000\n"
        "  def turn():\n    while True: a[:] = [len(a)] * 1000\n"
        "  threading.Thread(target=turn, daemon=True).start()\n  return a",
        WA,
    ),
)
LYING: tuple[Attack, ...] = tuple(function(53, name, source, verdict) for name, source, verdict in _LIES)

_NUMPY = "import numpy as np\n"


def _array_of(shape: str, items: str) -> str:
    """A source that leaves a report of an array; both are expressions over n for JSON texts."""
    return f"""import os
def solve(n):
  array = '{{"kind": "float", "shape": ' + {shape} + ', "items": ' + {items} + '}}'
  open('/work/result.json', 'w').write('{{"value": {{"$ndarray": ' + array + '}}}}')
  os._exit(0)
"""


_ARRAY_LIES: tuple[tuple[str, str, Verdict], ...] = (
    (
        "an array whose class equals everything",
        "class Yes(np.ndarray):\n  __eq__ = lambda s, o: np.array(True)\n  tolist = lambda s: [0.0]\n"
        "def solve(n): return np.zeros(n).view(Yes)",
        WA,
    ),
    (
        "an array of objects",
        "def solve(n): return np.array([float(i * i) for i in range(n)], dtype=object)",
        WA,
    ),
    ("an array of right integers", "def solve(n): return np.arange(n) ** 2", WA),
    (
        "an array of right numbers as texts",
        "def solve(n): return np.array([str(i * i) for i in range(n)])",
        WA,
    ),
    ("an array of NaN", "def solve(n): return np.full(n, np.nan)", WA),
    ("an array of infinities", "def solve(n): return np.full(n, np.inf)", WA),
    ("a masked array", "def solve(n): return np.ma.masked_all(n)", WA),
    ("a matrix", "def solve(n): return np.matrix(np.arange(float(n)) ** 2)", WA),
    ("a record array", "def solve(n): return np.zeros(n, dtype=[('a', 'f8')])", WA),
    ("complex numbers", "def solve(n): return (np.arange(float(n)) ** 2).astype(complex)", WA),
    ("an array of no dimension", "def solve(n): return np.array(4.0)", WA),
    ("an array of too many dimensions", "def solve(n): return np.zeros((1,) * 32)", WA),
    (
        "a giant array that takes no memory",
        "def solve(n): return np.broadcast_to(np.float64(0), (10**6, 10**6))",
        WA,
    ),
    ("an array on a file", "def solve(n): return np.memmap('/work/x', 'f8', 'w+', shape=(max(n, 1),))", WA),
    ("a number for an array", "def solve(n): return np.float64(0)", WA),
    ("minus zero", "def solve(n):\n  a = np.arange(float(n)) ** 2\n  a[a == 0] = -0.0\n  return a", AC),
    ("numbers in the other byte order", "def solve(n): return (np.arange(float(n)) ** 2).astype('>f8')", AC),
    (
        "another numpy",
        "import sys, types\n"
        "class Fake: pass\n"
        "def solve(n):\n  sys.modules['numpy'] = types.SimpleNamespace(ndarray=Fake, generic=Fake)\n"
        "  Fake.dtype = types.SimpleNamespace(kind='f'); Fake.size = 0; Fake.shape = (n,)\n"
        "  Fake.tolist = lambda s: [10**400] * n\n  return Fake()",
        WA,
    ),
    ("numbers in an array without room", _array_of("'[0]'", "'[1, 2, 3]'"), WA),
    ("nothing in an array without room", _array_of("'[0]'", "'null'"), WA),
    (
        "whole numbers that are too large for a float",
        _array_of("str([n])", "str([10**400] * n)"),
        WA,
    ),
)
ARRAY_LYING: tuple[Attack, ...] = tuple(
    function(53, name, _NUMPY + source, verdict, target=Target.ARRAY) for name, source, verdict in _ARRAY_LIES
)

FLOAT_LYING: tuple[Attack, ...] = tuple(
    function(53, name, source, verdict, target=Target.FLOATS)
    for name, source, verdict in (
        ("floats that are too large whole numbers", "def solve(n): return [10**400] * n", WA),
        (
            "a float of a class of its own",
            "class F(float): pass\ndef solve(n): return [F(x / 2) for x in range(n)]",
            WA,
        ),
        (
            "a list of a class of its own",
            "class L(list): pass\ndef solve(n): return L(x / 2 for x in range(n))",
            WA,
        ),
        (
            "decimals",
            "from decimal import Decimal\ndef solve(n): return [Decimal(x) / 2 for x in range(n)]",
            WA,
        ),
        (
            "fractions",
            "from fractions import Fraction\ndef solve(n): return [Fraction(x, 2) for x in range(n)]",
            WA,
        ),
        ("bools where they are equal", "def solve(n): return [False, *(x / 2 for x in range(1, n))][:n]", WA),
        ("minus zero in a list", "def solve(n): return [x / 2 or -0.0 for x in range(n)]", AC),
        ("floats without a value", "def solve(n): return [float('nan')] * n", WA),
    )
)

_FORGED = '{"value": 10, "verdict": "AC", "score": 100, "missing": false}'
FORGING: tuple[Attack, ...] = (
    program(
        54,
        "a verdict on stdout",
        "print('AC')\nprint('PASSED', '100%', '{\"verdict\": \"AC\"}')",
        WA,
    ),
    program(
        54,
        "a verdict on stderr",
        "import sys\nprint('AC\\nPASSED 3/3', file=sys.stderr)",
        AC,
    ),
    function(
        54,
        "a verdict on stdout of a function",
        "def solve(x): print('AC'); print('{\"verdict\": \"AC\"}')",
        WA,
    ),
    function(
        54,
        "a verdict on every descriptor",
        f"""
        import os
        def solve(x):
            for fd in range(256):
                try: os.write(fd, b'{_FORGED}\\n')
                except OSError: pass
            return 0
        """,
        WA,
    ),
    function(
        54,
        "a report of its own",
        f"""
        import os
        def solve(x):
            open('result.json', 'w').write('{_FORGED}')
            os._exit(0)
        """,
        WA,
    ),
    function(
        54,
        "a message to the box's own protocol",
        """
        import json, os, socket
        for fd in range(3, 64):
            for message in ({"event": "ended"}, {"event": "reported"}, {"op": "report"}):
                try: os.write(fd, json.dumps(message).encode())
                except OSError: pass
        def solve(x): return 0
        """,
        WA,
    ),
    function(
        54, "an early end", "import atexit, os\natexit.register(os._exit, 0)\ndef solve(x): return 0", WA
    ),
    program(
        54,
        "marks that change what a reader sees",
        "print('\\x1b[2J\\x1b[1;32mAC\\x1b[0m \\u202eCA \\0 \\u2066 <script>alert(1)</script>')",
        WA,
    ),
    function(54, "a missing function, said to be there", "solve = 3", RE),
)

_REPORTS: tuple[tuple[str, str, Verdict], ...] = (
    ("a pickle", "__import__('pickle').dumps(10)", WA),
    (
        "a pickle that runs a command",
        "b'\\x80\\x04cposix\\nsystem\\n(S\"touch /tmp/touchstone-hostile\"\\ntR.'",
        WA,
    ),
    ("deep JSON", "b'[' * 10**5", WA),
    ("deep JSON that ends", "b'{\"value\": ' + b'[' * 10**5 + b']' * 10**5 + b'}'", WA),
    ("deep JSON within the parser's limit", "b'{\"value\": ' + b'[' * 900 + b']' * 900 + b'}'", WA),
    ("deep objects", "b'{\"value\": ' * 10**5", WA),
    ("a long number", "b'{\"value\": ' + b'9' * 10**5 + b'}'", WA),
    ("a number of many powers", "b'{\"value\": 1e99999}'", WA),
    ("one key twice", 'b\'{"value": 10, "value": 11}\'', WA),
    ("one key twice, the forged one last", 'b\'{"missing": true, "value": 0, "missing": false}\'', WA),
    ("a missing function that is there", 'b\'{"missing": true, "value": 10}\'', RE),
    ("fifty thousand keys", "b'{' + b','.join(b'\"k%d\": 1' % i for i in range(50_000)) + b'}'", WA),
    ("a million lists", "b'{\"value\": [' + b'[],' * 300_000 + b'[]]}'", WA),
    ("no UTF-8", 'b\'{"value": "\\xff\\xfe"}\'', WA),
    ("UTF-16", "'{\"value\": 10}'.encode('utf-16')", WA),
    ("a byte order mark", "'\\ufeff{\"value\": 10}'.encode()", WA),
    ("a value of NUL", 'b\'{"value": "\\\\u0000"}\'', WA),
    ("NaN", "b'{\"value\": NaN}'", WA),
    ("no object", "b'[10]'", WA),
    ("no value", "b'{}'", WA),
    ("two documents", 'b\'{"value": 10}{"value": 10}\'', WA),
    ("a foreign tag", 'b\'{"value": {"$foreign": [1]}}\'', WA),
    ("tags of another type", 'b\'{"value": {"$tuple": 1, "$dict": 2, "$float": []}}\'', WA),
)
REPORTING: tuple[Attack, ...] = tuple(
    function(
        55,
        f"{name} as the result",
        f"import os\ndata = {data}\nopen('/work/result.json', 'wb').write(data)\nos._exit(0)",
        verdict,
    )
    for name, data, verdict in _REPORTS
)

REMEMBERING: tuple[Attack, ...] = (
    function(60, "memorised public tests", "def solve(x): return {1: 10}.get(x, 0)", WA),
    function(
        60,
        "a counter in a file",
        """
        import os
        def solve(x):
            for place in ('/tmp', '/work', '/dev/shm'):
                if os.path.exists(place + '/seen'): print('ESCAPED', place)
                open(place + '/seen', 'w').close()
            return {1: 10, 2: 903, 3: 8_112_963_841_460_668}[x]
        """,
        AC,
    ),
    function(
        60,
        "state in the warm interpreter",
        """
        import builtins, os, sys
        def solve(x):
            for place in (builtins, sys, os, sys.modules['json']):
                if hasattr(place, 'touchstone_seen'): print('ESCAPED', place)
                place.touchstone_seen = x
            if 'TOUCHSTONE_SEEN' in os.environ: print('ESCAPED')
            os.environ['TOUCHSTONE_SEEN'] = '1'
            return {1: 10, 2: 903, 3: 8_112_963_841_460_668}[x]
        """,
        AC,
    ),
    function(
        60,
        "one answer for each test in turn",
        """
        import os
        def solve(x): return [10, 903, 8_112_963_841_460_668][os.getpid() % 3]
        """,
        WA,
    ),
    program(
        60,
        "the same random numbers in every run",
        """
        import os, random
        kept = f'/tmp/{random.getrandbits(64)}-{hash("touchstone")}'
        if os.path.exists(kept): print('ESCAPED')
        open(kept, 'w').close()
        """,
        AC,
    ),
)

HARNESS = (
    *SEARCHING,
    *PATCHING,
    *LYING,
    *ARRAY_LYING,
    *FLOAT_LYING,
    *FORGING,
    *REPORTING,
    *REMEMBERING,
)
