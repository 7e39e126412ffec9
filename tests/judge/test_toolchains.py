"""A language can be answered where its tools work in a jail; otherwise it is said what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge.compiling import LanguageMissing
from grader.judge.judging import judge
from grader.judge.languages import LANGUAGES
from grader.judge.model import Answer
from grader.judge.toolchains import find_toolchain, survey
from questionbank.packages.languages import LANGUAGES as NAMES
from questionbank.packages.reader import read_package
from sandbox.client import Config, Sandbox, private_sandbox
from tests.languages import require
from tests.packages.writing import program_package

GCC = "#!/bin/sh\necho 'gcc (of the operator) 99.1'\n"


@pytest.fixture(scope="module")
def named() -> Iterator[Path]:
    """A folder with a toolchain, outside everything that a jail sees by itself."""
    with tempfile.TemporaryDirectory(prefix="touchstone-tools-") as name:
        program = Path(name, "bin", "gcc")
        program.parent.mkdir()
        program.write_text(GCC)
        for path in (program, program.parent, Path(name)):
            path.chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def bare() -> Iterator[Sandbox]:
    """A sandbox whose jails find no program at all."""
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder, tempfile.TemporaryDirectory() as empty:
        Path(empty).chmod(0o755)
        stores = {place: Path(empty) for place in ("/usr/bin", "/usr/local/bin")}
        with private_sandbox(Config(Path(folder) / "sandbox.sock", stores=stores)) as sandbox:
            yield sandbox


def test_every_language_of_the_bank_is_one_of_the_judge() -> None:
    assert list(LANGUAGES) == list(NAMES)


def test_this_host_can_judge_every_language(sandbox: Sandbox) -> None:
    for language in LANGUAGES:
        require(language, sandbox)
        assert find_toolchain(LANGUAGES[language], sandbox)


def test_a_toolchain_that_the_operator_names_comes_before_the_systems(named: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="touchstone-") as folder:
        config = Config(Path(folder) / "sandbox.sock", stores={"/toolchains/named": named})
        with private_sandbox(config) as sandbox:
            toolchain = find_toolchain(LANGUAGES["c"], sandbox)
            assert toolchain is not None
            assert toolchain.version == "gcc (of the operator) 99.1"


def test_an_absent_language_is_named_with_the_packages_that_bring_it(
    bare: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    remedies = {finding.language.key: finding.remedy for finding in survey(bare)}
    assert "apt install golang-go" in remedies["go"]
    assert remedies["python"] == remedies["sql"] == ""


def test_a_toolchain_that_no_jail_sees_is_named_with_the_setting_that_shows_it(
    bare: Sandbox, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(named / "bin"))
    (remedy,) = [finding.remedy for finding in survey(bare) if finding.language.key == "c"]
    assert remedy.endswith(f"TOUCHSTONE_TOOLCHAINS={named}")


def test_a_shim_of_rustup_is_named_by_the_toolchain_it_stands_for(
    bare: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "rustup"
    shim.write_text("#!/bin/sh\necho /home/of/stable\n")
    shim.chmod(0o755)
    for name in ("rustc", "cc"):
        (tmp_path / name).symlink_to(shim)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    (remedy,) = [finding.remedy for finding in survey(bare) if finding.language.key == "rust"]
    assert remedy.endswith("TOUCHSTONE_TOOLCHAINS=/home/of/stable")


def test_an_answer_in_an_absent_language_is_not_judged(bare: Sandbox, tmp_path: Path) -> None:
    package = read_package(program_package(tmp_path, languages=["python", "rust"]))
    with pytest.raises(LanguageMissing, match="Rust is not installed here"):
        judge(package, Answer("rust", "fn main() {}"), sandbox=bare, hidden_root=tmp_path)
