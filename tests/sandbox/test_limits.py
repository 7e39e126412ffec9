"""Each limit ends a run with its own status, and the next run knows nothing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.client import Sandbox
from sandbox.job import MIB, Command, Job, Outcome, Runtime, Status
from tests.sandbox.runs import SMALL, printed, run_python


def test_an_endless_loop_is_ended_by_its_cpu_time(box: Sandbox) -> None:
    outcome = run_python(box, "while True: pass", limits=replace(SMALL, cpu_s=0.3))
    assert outcome.status is Status.TIME_LIMIT
    assert 0.3 <= outcome.cpu_s < 1.3
    assert "CPU" in outcome.reason


def test_children_that_nobody_waits_for_use_cpu_time_too(box: Sandbox) -> None:
    """Where SIGCHLD is ignored, the kernel adds a child's time nowhere (getrusage(2), RUSAGE_CHILDREN)."""
    source = """
        import os, signal, time
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(8):
            if os.fork() == 0:
                while time.process_time() < 0.15: pass
                os._exit(0)
            try: os.wait()
            except ChildProcessError: pass
    """
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=0.5, wall_s=20.0))
    assert outcome.status is Status.TIME_LIMIT
    assert "CPU" in outcome.reason


def test_a_sleeper_is_ended_by_the_wall_clock_and_keeps_what_it_wrote(box: Sandbox) -> None:
    source = "import time\nprint('before', flush=True)\ntime.sleep(100)"
    outcome = run_python(box, source, limits=replace(SMALL, wall_s=0.5))
    assert outcome.status is Status.TIME_LIMIT
    assert outcome.stdout == b"before\n"
    assert 0.5 <= outcome.wall_s < 1.5


def test_a_stopped_process_does_not_outlive_the_wall_clock(box: Sandbox) -> None:
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"
    outcome = run_python(box, source, limits=replace(SMALL, wall_s=0.5))
    assert outcome.status is Status.TIME_LIMIT


@pytest.mark.parametrize(
    "source",
    [
        "x = bytearray(2**30)",
        "x = []\nwhile True: x.append(bytearray(2**20))",
        "import os\nx = bytearray(100 * 2**20)\nos.fork()\nx[:] = bytes(len(x))",
    ],
    ids=["at once", "bit by bit", "in two processes"],
)
def test_memory_beyond_the_limit_is_its_own_status(box: Sandbox, source: str) -> None:
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=10, wall_s=20))
    assert outcome.status is Status.MEMORY_LIMIT
    assert "128 MiB" in outcome.reason


def test_memory_that_is_shared_no_longer_counts_for_each_that_has_it(box: Sandbox) -> None:
    source = """
        import os, time
        x = bytearray(b'x') * (40 * 2**20)
        for _ in range(4):
            if os.fork() == 0:
                time.sleep(0.4)
                for at in range(0, len(x), 4096): x[at] = 1
                time.sleep(60)
        time.sleep(60)
    """
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=10, wall_s=20))
    assert outcome.status is Status.MEMORY_LIMIT


def test_memory_is_bounded_while_processes_of_many_mappings_are_looked_at(box: Sandbox) -> None:
    source = """
        import ctypes, mmap, os, time
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        number, place = ctypes.c_long, ctypes.c_void_p
        count = 30_000
        first = libc.mmap(None, number(count * 8192), 3, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, -1, number(0))
        for at in range(count): libc.mprotect(place(first + at * 8192), number(4096), 1)
        shared = bytearray(b'x') * (10 * 2**20)
        for _ in range(12):
            if os.fork() == 0: time.sleep(60)
        time.sleep(0.1)
        own = b''.join([b'x' * 2**26] * 8)
        print('had it')
    """
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=10, wall_s=20))
    assert outcome.status is Status.MEMORY_LIMIT
    assert outcome.wall_s < 10


def test_page_tables_count_as_memory(box: Sandbox) -> None:
    source = """
        import mmap
        x = []
        for _ in range(5):
            x.append(mmap.mmap(-1, 2**35, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ))
            for at in range(0, 2**35, 2**21): x[-1][at]
        import time
        time.sleep(0.1)
    """
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=10, wall_s=20))
    assert outcome.status is Status.MEMORY_LIMIT


def test_memory_counts_though_the_first_thread_has_ended(box: Sandbox) -> None:
    source = """
        import ctypes, threading, time
        def take():
            time.sleep(0.1)
            x = bytearray(b'x') * (2**29)
            time.sleep(0.3)
        threading.Thread(target=take).start()
        ctypes.CDLL(None).syscall(60, 0)
    """
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=10, wall_s=20))
    assert outcome.status is Status.MEMORY_LIMIT


def test_memory_counts_of_processes_that_nobody_may_look_at(box: Sandbox) -> None:
    source = """
        import os, shutil, subprocess, time
        shutil.copy('/usr/bin/dd', 'dd')
        os.chmod('dd', 0o111)  # execve(2): what cannot be read is not dumped, nor looked at
        taking = ['./dd', 'if=/dev/zero', 'of=/dev/null', 'bs=80M']
        for _ in range(4): subprocess.Popen(taking)
        time.sleep(1)
    """
    outcome = run_python(box, source, limits=replace(SMALL, cpu_s=10, wall_s=20))
    assert outcome.status is Status.MEMORY_LIMIT


def test_memory_that_a_child_has_of_its_waiting_parent_counts_once(box: Sandbox) -> None:
    source = """
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int main(void) {
            char *volatile own = malloc(80 << 20);
            memset(own, 1, 80 << 20);
            if (vfork() == 0) { usleep(200000); _exit(0); }
            return own[5] - 1;
        }
    """
    assert _compiled_and_run(box, source).status is Status.OK


def test_a_flood_of_output_is_cut_at_the_limit(box: Sandbox) -> None:
    outcome = run_python(box, "while True: print('x' * 1000)")
    assert outcome.status is Status.OUTPUT_LIMIT
    assert len(outcome.stdout) == MIB


def test_output_of_exactly_the_limit_is_allowed(box: Sandbox) -> None:
    outcome = run_python(box, f"import sys\nsys.stdout.write('x' * {MIB})")
    assert outcome.status is Status.OK
    assert len(outcome.stdout) == MIB


def test_processes_beyond_the_limit_are_refused_and_reported(box: Sandbox) -> None:
    source = """
        import os, time
        made = 0
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(60)
                made += 1
        except BlockingIOError:
            print(made)
    """
    outcome = run_python(box, source)
    assert int(printed(outcome)) == SMALL.processes - 1
    assert outcome.process_limit_hit or "watchdog" in " ".join(outcome.guarantees)


def test_the_disk_is_bounded_in_bytes_and_in_files(box: Sandbox) -> None:
    full = run_python(box, "open('/tmp/x', 'wb').write(bytes(9 * 2**20))")
    assert b"No space left" in full.stderr
    assert full.reason == "ended with exit code 1; its disk of 8 MiB was full"
    many = run_python(box, "for i in range(300): open(f'/tmp/{i}', 'w').close()")
    assert b"No space left" in many.stderr
    assert many.reason == "ended with exit code 1; its disk was full with 256 files"


def test_a_disk_with_room_left_is_not_said_to_be_full(box: Sandbox) -> None:
    almost = run_python(box, "open('/tmp/x', 'wb').write(bytes(7 * 2**20))\nraise SystemExit(1)")
    assert almost.reason == "ended with exit code 1"
    assert almost.limits_met == ""


def test_a_daemon_ends_with_the_run(box: Sandbox) -> None:
    source = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1)
                open('/work/late', 'w').write('still here')
            os._exit(0)
        print('done')
    """
    outcome = run_python(box, source, collect=("late",))
    assert printed(outcome) == "done"
    assert outcome.files == {}


def test_figures_agree_with_the_submissions_own(box: Sandbox) -> None:
    source = """
        import time
        x = bytearray(b'x') * (50 * 2**20)
        while time.process_time() < 0.4: pass
        print(time.process_time())
    """
    outcome = run_python(box, source, limits=replace(SMALL, wall_s=30.0))
    assert abs(outcome.cpu_s - float(printed(outcome))) < 0.1
    # The kernel charges in batches, up to 64 pages a core at once.
    assert 49 * MIB <= outcome.peak_bytes < 60 * MIB
    assert outcome.wall_s >= outcome.cpu_s * 0.9


def test_a_program_has_no_place_before_the_hosts_own_processes(box: Sandbox) -> None:
    """Init keeps the one it has, to end whatever runs."""
    source = "import os\nprint(os.nice(0), os.nice(0) - os.getpriority(os.PRIO_PROCESS, 1))"
    in_python, after_init = map(int, printed(run_python(box, source)).split())
    command = Job(Runtime.COMMAND, Command(("nice",)), limits=SMALL)
    assert min(in_python, int(printed(box.run(command)))) >= 0
    assert after_init >= 0


def test_a_core_goes_to_no_program_of_the_hosts(box: Sandbox) -> None:
    """A core_pattern may name one; core(5): of all limits 1 alone keeps the kernel from starting it."""
    limits = run_python(box, "import resource; print(*resource.getrlimit(resource.RLIMIT_CORE))")
    assert printed(limits) == "1 1"


def test_exit_codes_and_signals_are_told_apart(box: Sandbox) -> None:
    assert _facts(run_python(box, "raise SystemExit(3)")) == (Status.NONZERO_EXIT, 3, None)
    assert _facts(run_python(box, "import os; os._exit(4)")) == (Status.NONZERO_EXIT, 4, None)
    assert _facts(run_python(box, "import os; os.abort()")) == (Status.SIGNALLED, None, 6)
    assert _facts(run_python(box, "import os; os.kill(os.getpid(), 9)")) == (Status.SIGNALLED, None, 9)


def test_the_run_after_an_attack_is_unaffected(box: Sandbox) -> None:
    run_python(box, "import os\nwhile True: os.fork()")
    assert printed(run_python(box, "print(6 * 7)")) == "42"


def _facts(outcome: Outcome) -> tuple[Status, int | None, int | None]:
    return outcome.status, outcome.exit_code, outcome.signal


def _compiled_and_run(box: Sandbox, source: str) -> Outcome:
    """A program in C; the compiler gets room of its own."""
    roomy = replace(SMALL, cpu_s=10, wall_s=20, memory_bytes=512 * MIB)
    compiling = Command(("gcc", "-O1", "-w", "-o", "made", "made.c"))
    files = {"made.c": source.encode()}
    made = box.run(Job(Runtime.COMMAND, compiling, files=files, collect=("made",), limits=roomy))
    files = {"made": made.files["made"]}
    limits = replace(SMALL, cpu_s=10, wall_s=20)
    return box.run(
        Job(
            Runtime.COMMAND, Command(("./made",)), files=files, executables=frozenset({"made"}), limits=limits
        )
    )
