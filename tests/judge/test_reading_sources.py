"""A source is read before any box, for its name and its main class: in time that grows as its length does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.judge.compiling import MAX_SOURCE_BYTES
from grader.judge.languages import LANGUAGES
from grader.judge.languages.language import Plan, Toolchain
from sandbox.job import Command, Limits
from tests.growth import LINEAR, growth

JAVA = {
    "words": "a ",
    "empty lines": "\n",
    "comments never closed": "/*",
    "text blocks never closed": '"""',
    "strings never closed": '"\\',
    "strings and characters never closed": '"\'\\\n"\\',
    "classes without a body": "class a ",
    "packages": "package a\n",
}
JAVASCRIPT = {"empty lines": "\n", "indented empty lines": " \n", "imports": "import\n"}


def plan(language: str, source: str) -> Plan:
    known = LANGUAGES[language]
    return known.program(source, Toolchain(known.toolchains[-1], "", ""))


def repeated(unit: str) -> Callable[[int], str]:
    return lambda size: unit * (size // len(unit))


def many_classes(size: int) -> str:
    return "".join(f"class c{number}{{}}" for number in range(size // 14)) + "void main("


@pytest.mark.parametrize("unit", JAVA.values(), ids=JAVA)
def test_a_java_source_of_the_full_size_is_read_in_linear_time(unit: str) -> None:
    assert growth(lambda text: plan("java", text), repeated(unit), MAX_SOURCE_BYTES // 2) < LINEAR


@pytest.mark.parametrize("unit", JAVASCRIPT.values(), ids=JAVASCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript"])
def test_a_javascript_source_of_the_full_size_is_read_in_linear_time(language: str, unit: str) -> None:
    assert growth(lambda text: plan(language, text), repeated(unit), MAX_SOURCE_BYTES // 2) < LINEAR


def test_many_classes_before_main_are_read_in_linear_time() -> None:
    assert growth(lambda text: plan("java", text), many_classes, MAX_SOURCE_BYTES // 2) < LINEAR


def start(source: str) -> tuple[str, str]:
    """What a Java source is called, and the class that is run."""
    planned = plan("java", source)
    program = planned.run(Limits())
    assert isinstance(program, Command)
    return planned.source_name, program.argv[-1]


@pytest.mark.parametrize(
    ("source", "name", "main"),
    [
        ("public class A { } class B { void main(", "A.java", "A"),
        ("class A { } class Main { }", "Main.java", "Main"),
        ("class A { } class B { static void main(String[] a) { } } class C { }", "Main.java", "B"),
        ("class A { class B { } void main() { } }", "Main.java", "A"),
        ("record A(int x) { } interface B { }", "Main.java", "A"),
        ("public final class A { }", "A.java", "A"),
        ("class B { } final public class A { }", "A.java", "A"),
        ("@Deprecated public class A { }", "A.java", "A"),
        ("import java.util.*;\npublic\nsealed interface A permits B { }", "A.java", "A"),
        ("\n\n  package a.b ;\nclass A { }", "Main.java", "a.b.A"),
        ("class A { String s = \"public class B {\"; char c = '{'; } public class C { }", "C.java", "C"),
        ('class A { String s = """\n " } public class B { """; } public class C { }', "C.java", "C"),
        ("// public class A { }\n/* public class B { } */ public class C { }", "C.java", "C"),
        ('"never closed;\npublic class A { }', "A.java", "A"),
        ("/* never closed; public class A { }", "A.java", "A"),
        ('"\\"never // closed;\n; public class A { }', "A.java", "A"),
        ("", "Main.java", "Main"),
    ],
)
def test_a_java_source_is_named_after_its_public_class_and_starts_at_main(
    source: str, name: str, main: str
) -> None:
    assert start(source) == (name, main)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("\n\n \t import fs from 'fs'", "solution.mjs"),
        ("const a = 1\nexport {a}", "solution.mjs"),
        ("import\n  {a} from './a.mjs'", "solution.mjs"),
        ("import('fs').then(run)", "solution.cjs"),
        ("const a = 1; import fs from 'fs'", "solution.cjs"),
        ("important = 1", "solution.mjs"),
        ("exports.a = 1", "solution.mjs"),
        ("\n" * 9, "solution.cjs"),
    ],
)
def test_a_javascript_source_is_a_module_where_it_imports_or_exports(source: str, name: str) -> None:
    assert plan("javascript", source).source_name == name
