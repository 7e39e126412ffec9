"""`make demo`: a fresh installation judges, through its API, answers whose verdicts are known.

It has a state of its own below `var/demo` and a free port, so that it runs beside `make up`; models and data
that are installed already are used.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploy.client import Answered, ApiError, Client
from deploy.errors import CannotStart
from deploy.host import free_port
from deploy.installation import Installation, Say
from deploy.session import FAILED, INTERRUPTED, run, say
from deploy.stopping import Stop
from deploy.trials import AWAITING_REVIEW, PROBLEMS, Trial, trials
from deploy.under_root import under_root
from questionbank.config.places import data_folder, state_folder

SILENT_AT_MOST_S = 300.0
"""So long without any verdict means that none will come."""
_LOOK_EVERY_S = 1.0
_OF_ANOTHER_INSTALLATION = ("DATABASE_URL", "REDIS_URL", "TOUCHSTONE_HTTPS")


def main(arguments: Sequence[str]) -> int:
    """0 where every answer got what was expected."""
    began = time.monotonic()
    problems = _problems(arguments)

    def work(installation: Installation, stop: Stop) -> int:
        sent = trials(problems)
        say(f"ready after {time.monotonic() - began:.1f} s; sending {len(sent)} answers")
        with ThreadPoolExecutor(1) as pool:
            candidate = pool.submit(
                try_all, sent, installation.address, installation.demo_password, stop, say
            )
            # Beside the candidate, for a service must be started by the thread that lives longest.
            installation.processes.watch(lambda: stop() or candidate.done())
        if stop():
            return INTERRUPTED
        got = candidate.result()
        print(f"\n{table(sent, got)}\n\n{summary(sent, got, time.monotonic() - began)}", flush=True)
        if all(agrees(trial, got.get(trial)) for trial in sent):
            return 0
        print(f"The logs are in {installation.logs}.", flush=True)
        return FAILED

    if not under_root():
        _take_a_place_of_its_own()
    return run(work, free_port(), fresh=True)


def _problems(arguments: Sequence[str]) -> list[str]:
    known = sorted(path.parent.name for path in PROBLEMS.glob("*/problem.yaml"))
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="only these; without names, all")
    problems: list[str] = parser.parse_args(arguments).problems
    if unknown := set(problems) - set(known):
        parser.error(f"no such problem: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return problems


def _take_a_place_of_its_own() -> None:
    """Not the database or broker that the environment names: the demo users' password is public."""
    for name in _OF_ANOTHER_INSTALLATION:
        os.environ.pop(name, None)
    state = state_folder()
    os.environ["TOUCHSTONE_DATA"] = str(data_folder(state))
    os.environ["TOUCHSTONE_VAR"] = str(state / "demo")
    if os.environ.get("TOUCHSTONE_RUN"):
        os.environ["TOUCHSTONE_RUN"] += "/demo"
    os.environ["TOUCHSTONE_DEMO"] = "1"
    os.environ["TOUCHSTONE_SUBMIT_RATE"] = "1000000/min"


def try_all(
    sent: Sequence[Trial], address: str, password: str, stopped: Callable[[], bool], tell: Say
) -> dict[Trial, Answered]:
    """Sends all at once as the demo candidate, then waits: what came, answer by answer.

    Raises `CannotStart` where the API refuses."""
    client = Client(address)
    turn = uuid.uuid4().hex
    waiting: dict[str, Trial] = {}
    try:
        client.log_in("candidate", password)
        for trial in sent:
            if stopped():
                break
            identifier = client.submit(
                problem=trial.problem,
                language=trial.language,
                source=trial.source,
                key=f"{turn}/{trial.problem}/{trial.file}",
            )
            waiting[identifier] = trial
        return _wait(client, waiting, stopped, tell)
    except ApiError as error:
        raise CannotStart(f"The API did not take an answer. {error}", "The web log says more.") from error


def _wait(
    client: Client, waiting: dict[str, Trial], stopped: Callable[[], bool], tell: Say
) -> dict[Trial, Answered]:
    got: dict[Trial, Answered] = {}
    total, news = len(waiting), time.monotonic()
    while waiting and not stopped():
        time.sleep(_LOOK_EVERY_S)
        fresh = [one for one in client.submissions() if one.id in waiting and one.seconds is not None]
        got |= {waiting.pop(one.id): one for one in fresh}
        now = time.monotonic()
        if fresh:
            news = now
            tell(f"{len(got)} of {total} answered")
        elif now - news > SILENT_AT_MOST_S:
            tell(f"no verdict for {SILENT_AT_MOST_S:.0f} s: the rest is given up")
            break
    return got


def agrees(trial: Trial, answered: Answered | None) -> bool:
    """Whether the answer came to what was expected."""
    return answered is not None and _outcome(answered) == trial.expected


def table(sent: Sequence[Trial], got: Mapping[Trial, Answered]) -> str:
    """One line an answer: problem, file, expected, outcome, seconds from sending to verdict."""
    rows = [("problem", "file", "expected", "verdict", "time", "")]
    for trial in sent:
        answered = got.get(trial)
        outcome = _outcome(answered) if answered else "none"
        seconds = f"{answered.seconds:.1f} s" if answered and answered.seconds is not None else ""
        mark = "" if agrees(trial, answered) else "<- differs"
        rows.append((trial.problem, trial.file, trial.expected, outcome, seconds, mark))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            text.rjust(width) if column == 4 else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, (*widths, 0), strict=True))
        ).rstrip()
        for row in rows
    )


def _outcome(answered: Answered) -> str:
    return AWAITING_REVIEW if answered.stage == "awaiting_review" else answered.verdict or answered.stage


def summary(sent: Sequence[Trial], got: Mapping[Trial, Answered], seconds: float) -> str:
    """How many agree, and the whole time."""
    differing = sum(not agrees(trial, got.get(trial)) for trial in sent)
    if differing:
        return f"{differing} of {len(sent)} answers did not get the expected verdict ({seconds:.0f} s)."
    return f"All {len(sent)} answers got the expected verdict, in {seconds:.0f} s."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
