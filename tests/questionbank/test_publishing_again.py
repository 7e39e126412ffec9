"""Publishing what is published already: nothing changes, and nothing is read but to know it again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fixtures.demo import PROBLEMS, load_topics
from questionbank import services
from questionbank.models import ProblemVersion
from questionbank.packages.errors import PackageError

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(tmp_path: Path) -> Path:
    load_topics()
    folder = tmp_path / "quantisation-trade-offs"
    shutil.copytree(PROBLEMS / folder.name, folder)
    return folder


def test_the_same_content_is_known_by_its_hash_alone(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = services.publish(package)
    monkeypatch.setattr(services, "read_package", lambda folder: pytest.fail(f"{folder} was read again"))
    assert services.publish(package) == first
    assert ProblemVersion.objects.count() == 1


def test_a_version_whose_files_are_gone_from_the_store_is_stored_again(package: Path) -> None:
    version = services.publish(package)
    stored = services.settings.VERSION_STORE / version.content_hash
    shutil.rmtree(stored)
    assert services.publish(package) == version
    assert stored.is_dir()


def test_changed_content_becomes_the_next_version_and_back_again_the_first(package: Path) -> None:
    first = services.publish(package)
    hint = package / "hints" / "1.en.md"
    before = hint.read_text()
    hint.write_text("Think again.\n")
    second = services.publish(package)
    assert (first.number, second.number) == (1, 2)
    hint.write_text(before)
    assert services.publish(package) == first
    first.problem.refresh_from_db()
    assert first.problem.current == first


def test_an_authors_next_version_outlasts_a_start_that_brings_the_shipped_one(package: Path) -> None:
    services.publish(package)
    hint = package / "hints" / "1.en.md"
    before = hint.read_text()
    hint.write_text("Said better here.\n")
    ours = services.publish(package)
    hint.write_text(before)
    assert services.publish(package, only_new=True) == ours
    ours.problem.refresh_from_db()
    assert ours.problem.current == ours
    hint.write_text("A new release says it in another way.\n")
    assert services.publish(package, only_new=True).number == 3


def test_content_that_was_spoilt_is_refused_and_the_published_stays(package: Path) -> None:
    version = services.publish(package)
    (package / "touchstone.yaml").write_text("kind: riddle\n")
    with pytest.raises(PackageError):
        services.publish(package)
    version.problem.refresh_from_db()
    assert version.problem.current == version
