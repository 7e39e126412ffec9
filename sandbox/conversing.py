"""Two runs that talk: pipes from each one's stdout to the other's stdin, and who of the two ended first.

Each one's end is kept from the other until it is known here: what the other does because of it comes after
it. What is written to one that is over is swallowed; of what is written to the leader, a little.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from sandbox.job import Conversation, Job, Outcome
from sandbox.payload import Pipes

_PIECE_BYTES = 65_536
_LATE_BYTES = 65_536
"""What the other may still write once the leader is over; more ends it, as a pipe without a reader does."""
RunJob = Callable[[Job, Pipes], Outcome]
"""Runs a job with pipes for its streams."""


def converse(run: RunJob, leader: Job, other: Job) -> Conversation:
    """Runs both to their end; raises what either run raises, the leader's first."""
    # Every end stays open here while somebody lives who would miss it: without a reader a program is killed,
    # and without a writer it reads an end.
    from_leader, leader_writes = os.pipe2(os.O_CLOEXEC)
    from_other, other_writes = os.pipe2(os.O_CLOEXEC)

    def follow() -> Outcome:
        try:
            return run(other, Pipes(from_leader, other_writes))
        finally:
            os.close(other_writes)

    def overhear() -> None:
        try:
            _swallow(from_other, _LATE_BYTES)
        finally:
            os.close(from_other)

    with ThreadPoolExecutor(4, thread_name_prefix="conversation") as threads:
        leading = threads.submit(run, leader, Pipes(from_other, leader_writes))
        following = threads.submit(follow)
        wait((leading, following), return_when=FIRST_COMPLETED)
        swallowing = None if leading.done() else threads.submit(_swallow, from_leader)
        wait((leading,))
        os.close(leader_writes)
        overhearing = threads.submit(overhear)
        wait((following,))
        overhearing.result()
        if swallowing:
            swallowing.result()
        os.close(from_leader)
    return _told(leading, following)


def _swallow(pipe: int, most: float = float("inf")) -> None:
    """Reads a pipe to its end, or to somewhat more than `most` bytes."""
    while most > 0 and (read := os.read(pipe, _PIECE_BYTES)):
        most -= len(read)


def _told(leading: Future[Outcome], following: Future[Outcome]) -> Conversation:
    leader, other = leading.result(), following.result()
    return Conversation(leader, other, leader_first=leader.ended_at <= other.ended_at)
