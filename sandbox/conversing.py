"""Two runs that talk: pipes from each one's stdout to the other's stdin, and who of the two ended first.

Each one's end is kept from the other until it is known here: what the other does because of it comes after
it. What one closes while it goes on is told the other. What is written to one that is over is swallowed: of
what is written to the leader, a little; of what the leader writes, much.
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
_LATE_LEADER_BYTES = 64 * 1024 * 1024
"""The same for the leader, which may have much to say before it looks whether it is heard."""
_ENDING_S = 0.5
"""One that closes its output mostly ends; what has not ended by then goes on without it."""
RunJob = Callable[[Job, Pipes, Callable[[], None]], Outcome]
"""Runs a job with pipes for its streams; calls the last once they are sent."""


def converse(run: RunJob, leader: Job, other: Job) -> Conversation:
    """Runs both to their end; raises what either run raises, the leader's first."""
    # Every end stays open here while somebody lives who would miss it: without a reader a program is killed,
    # and without a writer it reads an end.
    from_leader, leader_writes, leader_held = _pipe()
    from_other, other_writes, other_held = _pipe()

    def speak(job: Job, hears: int, writes: int) -> Outcome:
        with ExitStack() as own:
            own.callback(os.close, writes)
            own.callback(os.close, hears)
            return run(job, Pipes(hears, writes), own.close)

    with ThreadPoolExecutor(6, thread_name_prefix="conversation") as threads:
        leading = threads.submit(speak, leader, _again(from_other, os.O_RDONLY), leader_writes)
        following = threads.submit(speak, other, _again(from_leader, os.O_RDONLY), other_writes)
        tasks: list[Future[None]] = [
            threads.submit(_let_go, leader_held, leading),
            threads.submit(_let_go, other_held, following),
        ]
        wait((leading, following), return_when=FIRST_COMPLETED)
        if leading.done():
            os.close(from_leader)
        else:
            tasks.append(threads.submit(_swallow, from_leader, _LATE_LEADER_BYTES))
        wait((leading,))
        tasks.append(threads.submit(_swallow, from_other, _LATE_BYTES))
        wait((following,))
        wait(tasks)
    for task in tasks:
        task.result()
    return _told(leading, following)


def _pipe() -> tuple[int, int, int]:
    """A pipe's reader, a locked writer to be given away, and one more writer whose wait for the lock ends
    when nobody has the other open any more."""
    reads, writes = os.pipe2(os.O_CLOEXEC)
    # Its owner is another one than the program, which may open /dev/stdin and /dev/stdout.
    os.fchmod(reads, 0o666)
    fcntl.flock(writes, fcntl.LOCK_EX)
    return reads, writes, _again(reads, os.O_WRONLY)


def _again(pipe: int, mode: int) -> int:
    """A description of its own of a pipe: flags and locks that a program sets on it end with the program."""
    return os.open(f"/proc/self/fd/{pipe}", mode | os.O_CLOEXEC)


def _let_go(held: int, speaking: Future[Outcome]) -> None:
    """Closes the further writer when the run's end is known, or when it goes on and has closed its own."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        wait((speaking,), timeout=_ENDING_S)
    finally:
        os.close(held)


def _swallow(pipe: int, most: int) -> None:
    """Reads a pipe to its end, or to somewhat more than `most` bytes, and closes it."""
    try:
        while most > 0 and (read := os.read(pipe, _PIECE_BYTES)):
            most -= len(read)
    finally:
        os.close(pipe)


def _told(leading: Future[Outcome], following: Future[Outcome]) -> Conversation:
    leader, other = leading.result(), following.result()
    return Conversation(leader, other, leader_first=leader.ended_at <= other.ended_at)
