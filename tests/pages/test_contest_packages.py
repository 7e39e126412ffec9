"""A package of contests is published as it is: its page shows pictures, talks, files, and nothing hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from fixtures.demo import load_topics
from grader import services
from grader.judge.model import CaseResult, Judgement
from grader.models import Submission
from grader.verdict import Verdict
from questionbank.models import ProblemVersion, User
from questionbank.services import publish
from tests.packages.foreign import foreign_package
from tests.pages.conftest import client_of

FILES: dict[str, str | None] = {
    "statement/problem.en.md": "Guess. ![a cat](cat.svg)\n\n![elsewhere](https://cats.example/cat.png)\n",
    "statement/cat.svg": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "attachments/tool.py": "print(1)\n",
    "output_validator/talk.py": "raise SystemExit(42)\n",
    "data/sample/1.interaction": ">50\n<lower\n",
    "data/secret/1.in": "the number nobody is told: 987\n",
}


@pytest.fixture
def version(db: None, settings: Settings, tmp_path: Path) -> ProblemVersion:
    settings.VERSION_STORE = tmp_path / "versions"
    load_topics()
    return publish(foreign_package(tmp_path, FILES, problem={"type": "interactive"}, slug="guess"))


def test_the_page_shows_pictures_talks_and_files(client: Client, version: ProblemVersion) -> None:
    assert (version.name_en, version.name_zh) == ("Doubling", "Doubling")
    page = client.get("/problems/guess/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    assert "<script>alert(1)" not in page
    assert "&gt;50\n&lt;lower" in page
    assert "nobody is told" not in page
    assert f"/versions/{version.pk}/files/tool.py" in page


def test_files_for_candidates_are_saved_and_no_others_are_there(
    client: Client, version: ProblemVersion
) -> None:
    response = client.get(f"/versions/{version.pk}/files/tool.py")
    assert response.content == b"print(1)\n"
    assert response["Content-Disposition"] == 'attachment; filename="tool.py"'
    assert client.get(f"/versions/{version.pk}/files/cat.svg")["Content-Type"] == "application/octet-stream"
    for other in ("data/secret/1.in", "../problem.yaml", "problem.yaml"):
        assert client.get(f"/versions/{version.pk}/files/{other}").status_code == 404


def test_an_answer_may_be_outputs(client: Client, db: None, settings: Settings, tmp_path: Path) -> None:
    settings.VERSION_STORE = tmp_path / "versions"
    load_topics()
    files: dict[str, str | None] = {
        "submissions/accepted/double.py": None,
        "submissions/accepted/ten.out": "10\n",
    }
    publish(foreign_package(tmp_path, files, problem={"type": "submit-answer"}, slug="outputs"))
    page = client.get("/problems/outputs/")
    assert page.status_code == 200
    assert client.get("/api/v1/problems/outputs/").status_code == 200


def test_what_a_validator_tells_judges_is_kept_for_authors_and_what_it_tells_teams_for_all(
    version: ProblemVersion,
) -> None:
    for is_author in (False, True):
        user = User.objects.create_user(f"author-{is_author}", is_author=is_author)
        submission = Submission.objects.create(user=user, version=version, language="python", source="x")
        attempt = services.claim(str(submission.pk))
        assert attempt is not None
        case = CaseResult("1", "sample", Verdict.WA, message="too high", judge_message="it is 50, not \0")
        services.record_case(str(submission.pk), attempt, 0, case)
        services.finish(str(submission.pk), attempt, Judgement(Verdict.WA, 0.0, message=case.message))
        reader = client_of(user)
        told = reader.get(f"/api/v1/submissions/{submission.pk}/").content.decode()
        assert ("too high" in told, "it is 50" in told) == (True, False)
        page = reader.get(f"/submissions/{submission.pk}/").content.decode()
        assert ("it is 50" in page) is is_author


def test_what_each_hidden_test_took_stands_on_the_pages_of_authors_alone(version: ProblemVersion) -> None:
    for is_author in (False, True):
        user = User.objects.create_user(f"author-{is_author}", is_author=is_author)
        submission = Submission.objects.create(user=user, version=version, language="python", source="x")
        attempt = services.claim(str(submission.pk))
        assert attempt is not None
        for number, group in enumerate(("sample", "secret", "secret")):
            case = CaseResult(str(number), group, Verdict.AC, cpu_s=0.111 * (number + 1), wall_s=0.5)
            services.record_case(str(submission.pk), attempt, number, case)
        services.finish(str(submission.pk), attempt, Judgement(Verdict.AC, 100.0))
        page = client_of(user).get(f"/submissions/{submission.pk}/").content.decode()
        assert "111 ms" in page
        assert "333 ms" in page  # the slowest, with the verdict
        assert (">222 ms<" in page) is is_author
        assert ("is not told test by test" in page) is not is_author
