"""Two runs that talk: pipes from each one's stdout to the other's stdin, and who of the two ended first.

Each one's end is kept from the other until it is known here: what the other does because of it comes after
it. What one closes while it goes on is told the other. What is written to one that is over is swallowed; of
what is written to the leader, a little.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from sandbox.job import Conversation, Job, Outcome
from sandbox.payload import Pipes

_PIECE_BYTES = 65_536
_LATE_BYTES = 65_536
"""What the other may still write once the leader is over; more ends it, as a pipe without a reader does."""
_ENDING_S = 0.5
"""One that closes its output mostly ends; what has not ended by then goes on without it."""
RunJob = Callable[[Job, Pipes, Callable[[], None]], Outcome]
"""Runs a job with pipes for its streams; calls the last once they are sent."""


def converse(run: RunJob, leader: Job, other: Job) -> Conversation:
    """Runs both to their end; raises what either run raises, the leader's first."""
    # Every end stays open here while somebody lives who would miss it: without a reader a program is killed,
    # and without a writer it reads an end.
    from_leader, leader_writes = os.pipe2(os.O_CLOEXEC)
    from_other, other_writes = os.pipe2(os.O_CLOEXEC)

    def speak(job: Job, hears: int, writes: int) -> Outcome:
        with ExitStack() as own:
            own.callback(os.close, writes)
            return run(job, Pipes(hears, writes), own.close)

    def overhear() -> None:
        try:
            _swallow(from_other, _LATE_BYTES)
        finally:
            os.close(from_other)

    with ThreadPoolExecutor(6, thread_name_prefix="conversation") as threads:
        leader_held, other_held = _hold(from_leader, leader_writes), _hold(from_other, other_writes)
        leading = threads.submit(speak, leader, from_other, leader_writes)
        following = threads.submit(speak, other, from_leader, other_writes)
        ends = [
            threads.submit(_let_go, held, speaking)
            for held, speaking in ((leader_held, leading), (other_held, following))
        ]
        wait((leading, following), return_when=FIRST_COMPLETED)
        swallowing = None if leading.done() else threads.submit(_swallow, from_leader)
        wait((leading,))
        overhearing = threads.submit(overhear)
        wait((following,))
        for task in (*ends, overhearing, *([swallowing] if swallowing else [])):
            task.result()
        os.close(from_leader)
    return _told(leading, following)


def _hold(reads: int, writes: int) -> int:
    """A further writer of a pipe; the lock on `writes` tells when nobody else has it open any more."""
    fcntl.flock(writes, fcntl.LOCK_EX)
    return os.open(f"/proc/self/fd/{reads}", os.O_WRONLY | os.O_CLOEXEC)


def _let_go(held: int, speaking: Future[Outcome]) -> None:
    """Closes the further writer when the run's end is known, or when it goes on and has closed its own."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        wait((speaking,), timeout=_ENDING_S)
    finally:
        os.close(held)


def _swallow(pipe: int, most: float = float("inf")) -> None:
    """Reads a pipe to its end, or to somewhat more than `most` bytes."""
    while most > 0 and (read := os.read(pipe, _PIECE_BYTES)):
        most -= len(read)


def _told(leading: Future[Outcome], following: Future[Outcome]) -> Conversation:
    leader, other = leading.result(), following.result()
    return Conversation(leader, other, leader_first=leader.ended_at <= other.ended_at)
