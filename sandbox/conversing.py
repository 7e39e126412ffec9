"""Two runs that talk: pipes from each one's stdout to the other's stdin, and who of the two ended first.

The leader learns of the other's end at once, by the end of its input; what it still writes is swallowed. The
leader's end is kept from the other until it is known here: what the other does because of it comes after it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from sandbox.job import Conversation, Job, Outcome
from sandbox.payload import Pipes

_SWALLOWED_BYTES = 65_536
RunJob = Callable[[Job, Pipes, Callable[[], None]], Outcome]
"""Runs a job with pipes for its streams, and calls back once it has sent them."""


def converse(run: RunJob, leader: Job, other: Job) -> Conversation:
    """Runs both to their end; raises what either run raises, the leader's first."""
    # Both ends of the pipe to the other, and the reading end of the pipe to the leader, stay open here while
    # the leader lives: without a reader a program is killed, and without a writer it reads an end.
    from_leader, leader_writes = os.pipe2(os.O_CLOEXEC)
    from_other, fd = os.pipe2(os.O_CLOEXEC)
    other_writes = os.fdopen(fd, "wb", buffering=0)

    def lead() -> Outcome:
        return run(leader, Pipes(from_other, leader_writes), _keep)

    def follow() -> Outcome:
        with other_writes:
            return run(other, Pipes(from_leader, fd), other_writes.close)

    with ThreadPoolExecutor(3, thread_name_prefix="conversation") as threads:
        leading, following = threads.submit(lead), threads.submit(follow)
        wait((leading, following), return_when=FIRST_COMPLETED)
        swallowing = None if leading.done() else threads.submit(_swallow, from_leader)
        wait((leading,))
        os.close(leader_writes)
        os.close(from_other)
        wait((following,))
        if swallowing:
            swallowing.result()
        os.close(from_leader)
    return _told(leading, following)


def _keep() -> None:
    """The pipes' ends stay open here."""


def _swallow(pipe: int) -> None:
    while os.read(pipe, _SWALLOWED_BYTES):
        pass


def _told(leading: Future[Outcome], following: Future[Outcome]) -> Conversation:
    leader, other = leading.result(), following.result()
    return Conversation(leader, other, leader_first=leader.ended_at <= other.ended_at)
