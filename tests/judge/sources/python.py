"""Python answers, one a verdict."""

PROGRAMS = {
    "AC": """
        import sys
        print(sum(map(int, sys.stdin.read().split()[1:])))
    """,
    "WA": "print(-1)",
    "TLE": "while True: pass",
    "MLE": """
        x = []
        while True: x.append(bytearray(2**20))
    """,
    "OLE": "while True: print('x' * 999)",
    "RE": "1 // 0",
    "CE": """
        import sys

        print(
    """,
}
FUNCTIONS = {
    "AC": "def solve(x): return 2 * x",
    "WA": "def solve(x): return x",
    "TLE": """
        def solve(x):
            while True: pass
    """,
    "MLE": "def solve(x): return [0] * 10**9",
    "OLE": """
        def solve(x):
            while True: print('x' * 999)
    """,
    "RE": "def solve(x): return 1 // 0",
    "CE": """
        import sys

        def solve(x) return x
    """,
}
CE_PLACE = "line 4"
