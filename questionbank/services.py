"""What may be done to the bank: publish a package, and read a published one."""

from __future__ import annotations

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max

from questionbank.models import Problem, ProblemVersion, Topic
from questionbank.packages.errors import Findings
from questionbank.packages.files import Files, read_files
from questionbank.packages.model import Package
from questionbank.packages.reader import read_package


class UnknownTopic(ValueError):
    """The package names a topic that the bank does not have."""


class DamagedVersion(Exception):
    """A published package's files are not what was published."""


def publish(folder: Path, *, only_new: bool = False) -> ProblemVersion:
    """Publishes the package in `folder` as its problem's current version; the same content is published once.

    `only_new` leaves the current version where it is if the content was published before it: then somebody
    has gone on from there. Raises `PackageError` where the package is at fault; then nothing has changed.
    """
    unchanged = _current_of(folder, only_new)
    if unchanged is not None:
        return unchanged
    package = read_package(folder)
    topics = list(Topic.objects.filter(slug__in=package.topics))
    unknown = set(package.topics) - {topic.slug for topic in topics}
    if unknown:
        raise UnknownTopic(f"{package.slug}: there is no topic {', '.join(sorted(unknown))}.")
    _store(folder, package.content_hash)
    with transaction.atomic():
        problem, _ = Problem.objects.select_for_update().get_or_create(slug=package.slug)
        version = problem.versions.filter(content_hash=package.content_hash).first()
        if version is None:
            version = _new_version(problem, package, topics)
        if problem.current_id != version.pk:
            problem.current = version
            problem.save(update_fields=["current"])
    return version


def package_of(version: ProblemVersion) -> Package:
    """The published package, read once a process."""
    return _published(version.content_hash, version.problem.slug)


def folder_of_version(version: ProblemVersion) -> Path:
    """Where the published package's files lie; the folder is named with their hash."""
    return Path(settings.VERSION_STORE) / version.content_hash


def files_of(version: ProblemVersion) -> Files:
    """The published package's files."""
    return read_files(settings.VERSION_STORE / version.content_hash, Findings())


def _current_of(folder: Path, or_earlier: bool) -> ProblemVersion | None:
    """The problem's current version, where it, `or_earlier` one, is what lies in the folder: told by the hash
    alone, for every start of an installation asks it of every problem."""
    content_hash = read_files(folder, Findings()).content_hash()
    rows = ProblemVersion.objects.filter(problem__slug=folder.name, content_hash=content_hash)
    if not or_earlier:
        rows = rows.filter(problem__current=F("pk"))
    if not rows.exists() or not (settings.VERSION_STORE / content_hash).is_dir():
        return None
    current = ProblemVersion.objects.select_related("problem").filter(problem__current=F("pk"))
    return current.filter(problem__slug=folder.name).first()


def _new_version(problem: Problem, package: Package, topics: list[Topic]) -> ProblemVersion:
    last = problem.versions.aggregate(last=Max("number"))["last"] or 0
    version = ProblemVersion.objects.create(
        problem=problem,
        number=last + 1,
        content_hash=package.content_hash,
        kind=package.kind.value,
        difficulty=package.difficulty.value,
        expected_minutes=package.expected_minutes,
        name_en=package.name_in("en"),
        name_zh=package.name_in("zh"),
        search_text="\n".join(
            [package.slug, *package.names.values(), *package.tags, *package.statements.values()]
        ),
        tags=list(package.tags),
        languages=list(package.languages),
    )
    version.topics.set(topics)
    return version


def _store(folder: Path, content_hash: str) -> None:
    """Copies the package into the version store, whole or not at all."""
    target = settings.VERSION_STORE / content_hash
    if target.exists():
        return
    settings.VERSION_STORE.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=settings.VERSION_STORE))
    ignored = shutil.ignore_patterns("__pycache__", ".DS_Store")
    shutil.copytree(folder, draft / "package", ignore=ignored)
    try:
        (draft / "package").rename(target)
    except OSError:
        # Somebody published the same content meanwhile.
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@lru_cache(maxsize=256)
def _published(content_hash: str, slug: str) -> Package:
    package = read_package(settings.VERSION_STORE / content_hash, slug=slug)
    if package.content_hash != content_hash:
        raise DamagedVersion(f"{slug}: the files in {settings.VERSION_STORE / content_hash} were changed.")
    return package
