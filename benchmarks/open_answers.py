"""How many open answers a second the local grader grades, each as if it had never been seen.

    .venv/bin/python benchmarks/open_answers.py [--json] [--cores N]

The bank's own graded answers, by as many processes as cores, two by default, as the worker's text queue would
run them: the first round prepares the questions, then every answer is graded once, each clause changed by a
word, so that nothing that was kept can serve. Exits 1 below 20 answers a second: that is promised for two
cores. On a busy machine the figure by processor time is the one to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
# The folder of this file holds modules with the names of packages that are used here.
sys.path[:] = [str(HOME), *(entry for entry in sys.path if Path(entry).name != "benchmarks")]

from benchmarks.counts import at_least_one  # noqa: E402
from grader.open.grading import LocalGrader  # noqa: E402
from grader.open.model import question_of  # noqa: E402
from questionbank.config.places import data_folder, state_folder  # noqa: E402
from questionbank.packages.reader import read_package  # noqa: E402

PROMISED_PER_S = 20.0
NEW_WORD = {"en": " indeed", "zh": "的确"}
CLAUSE_END = re.compile(r"(?=[,.;:，。；：](?:\s|$|[^\x00-\x7f]))")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--cores", type=at_least_one, default=2, help="default: 2")
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    slugs = sorted(path.parent.name for path in (HOME / "fixtures" / "problems").glob("*/rubric.yaml"))
    shares = [slugs[number :: given.cores] for number in range(given.cores)]
    with ProcessPoolExecutor(given.cores, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(graded, shares))
    answers = sum(count for count, _, _ in found)
    per_s = answers / max(seconds for _, seconds, _ in found)
    per_cpu_s = answers / sum(cpu_s for _, _, cpu_s in found)
    figures = {
        "answers": answers,
        "cores": given.cores,
        "answers_per_s": round(per_s, 1),
        "answers_per_cpu_s": round(per_cpu_s, 1),
    }
    if given.json:
        print(json.dumps(figures))
    else:
        print(f"{answers} answers on {given.cores} cores: {per_s:.1f} a second")
        print(f"{per_cpu_s:.1f} in a second of processor time")
    return 0 if per_s >= PROMISED_PER_S else 1


def graded(slugs: Sequence[str]) -> tuple[int, float, float]:
    """How many answers this process has graded, in how many seconds, and of processor time."""
    grader = LocalGrader(data_folder(state_folder()) / "public")
    questions = [question_of(read_package(HOME / "fixtures" / "problems" / slug)) for slug in slugs]
    for one in questions:
        for language in NEW_WORD:
            grader.estimate(one, one.model_answer[language], language)
    started, cpu = time.perf_counter(), time.process_time()
    count = 0
    for one in questions:
        for answer in one.graded:
            grader.grade(one, CLAUSE_END.sub(NEW_WORD[answer.language], answer.text), answer.language)
            count += 1
    return count, time.perf_counter() - started, time.process_time() - cpu


if __name__ == "__main__":
    sys.exit(main())
