"""Says whether `solution.py` parses, without running any of it; exits 1 where it does not."""

import sys
import traceback
from pathlib import Path

try:
    compile(Path("solution.py").read_bytes(), "solution.py", "exec", dont_inherit=True)
except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
    print("".join(traceback.format_exception_only(error)).rstrip(), file=sys.stderr)
    sys.exit(1)
