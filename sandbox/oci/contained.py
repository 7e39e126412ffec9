"""Process 1 of a container: imports a runtime's modules, then serves one job as every box's init does."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import NoReturn

from sandbox.init import compiled_filters, serve_contained
from sandbox.job import Runtime
from sandbox.wire import receive_control, send_control
from sandbox.zygote import import_modules, set_import_path


def main() -> NoReturn:
    """Stdin is the control connection to the supervisor."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    order, _ = receive_control(control)
    runtime = Runtime(order["runtime"])
    filters = compiled_filters(runtime)
    set_import_path(runtime, order["libraries"])
    missing = import_modules(runtime)
    born = time.monotonic()
    send_control(control, {"event": "born", "missing": missing})
    placed, _ = receive_control(control)
    serve_contained(
        control,
        filters=filters,
        scripts=runtime is not Runtime.COMMAND,
        watch=order["watch"],
        # A kernel of the runtime's own has a clock of its own; what is not exact is the submission's gain.
        ahead_s=placed["at"] - born if order["own_clock"] else 0.0,
    )


if __name__ == "__main__":
    sys.exit(main())
