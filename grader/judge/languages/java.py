"""Java: javac, then the JVM with one collector thread and a heap that the memory limit has room for."""

from __future__ import annotations

import re

from grader.judge.languages.language import (
    ARGUMENTS_PATH,
    RESULT_PATH,
    Build,
    Language,
    Plan,
    Programs,
    Refusal,
    Run,
    Toolchain,
    driver,
    heap_mib,
)
from questionbank.packages.languages import LANGUAGES, LARGEST_TUPLE
from questionbank.packages.model import FunctionSpec
from questionbank.packages.starters.java import (
    CLASS,
    RESERVED,
    boxed,
    is_array,
    signature,
    type_text,
)
from questionbank.packages.starters.names import free_name
from questionbank.packages.types import TypeWord, parse_type
from sandbox.job import MIB, Command, Limits

# Code, classes, the collector and the threads' stacks, of a program that uses much of the library.
_OWN_MEMORY_MIB = 48
_BARE_MIB = 24
"""What a JVM takes that runs nothing much."""
_MOST_STACK_MIB = 64
_COMPILE = (
    "javac",
    "-J-Xmx512m",
    "-J-XX:+UseSerialGC",
    "-J-XX:TieredStopAtLevel=1",
    "-J-XX:-UsePerfData",
    *("-encoding", "UTF-8", "-proc:none", "-Xlint:none", "-Xmaxerrs", "20", "-d", "classes"),
)
_JVM = (
    "java",
    "-XX:+UseSerialGC",
    "-XX:ActiveProcessorCount=1",
    "-XX:-UsePerfData",
    "-XX:-UseContainerSupport",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xms16m",
    "-Dfile.encoding=UTF-8",
)
# What a reader of the code must not look into: comments, text blocks, strings and characters. The expressions
# are tried at every place of a source that anybody sends in, before any box: none may read on and come back.
_QUOTE = re.compile(r"//[^\n]*+|/\*|\"\"\"|[\"']")
_END_OF_BLOCK = re.compile(r"(?<!\\)\"\"\"")
_INSIDE = {mark: re.compile(rf"[^{mark}\\\n]*+(?:\\.[^{mark}\\\n]*+)*+", re.DOTALL) for mark in "\"'"}
_WORDS = re.compile(r"\w++(?:\s++\w++)*+")
_TYPE_WORDS = frozenset({"class", "record", "enum", "interface"})
_DECLARED = re.compile(r"\b(?:class|record|enum|interface)\s++(?=(\w++))")
_PACKAGE = re.compile(r"^[^\S\n]*+package\s++([\w.]++)\s*+;", re.MULTILINE)
_MAIN = re.compile(r"\bvoid\s++main\s*+\(")


def program(source: str, _: Toolchain) -> Plan:
    """The file is named after its public class; the class with `main` is run."""
    code = _without_quoted(source)
    types = _types(_top_level(code))
    public = next((name for name, is_public in types if is_public), None)
    names = [name for name, _ in types]
    main = public or ("Main" if "Main" in names else _class_with_main(code, names))
    package = _PACKAGE.search(code)
    start = f"{package[1]}.{main}" if package else main
    name = f"{public or 'Main'}.java"
    build = Build(Command((*_COMPILE, name)), {name: source.encode()}, ("classes/",))
    return Plan(name, build, _run(start))


def function(spec: FunctionSpec, source: str, _: Toolchain) -> Plan:
    """`Driver.java` calls the method of the class `Solution`."""
    name = f"{CLASS}.java"
    files = {
        name: source.encode(),
        "Driver.java": _driver(spec).encode(),
        "Call.java": driver("Call.java"),
        "Tuple.java": _tuples().encode(),
    }
    build = Build(
        Command((*_COMPILE, *sorted(files))),
        files,
        ("classes/",),
        driver=(r"Driver\.java:", r"Call\.java:"),
        signature=f"class {CLASS} {{ {signature(spec)} }}",
    )
    return Plan(name, build, _run("Driver"))


def _run(start: str) -> Run:
    def run(limits: Limits) -> Command:
        sizes = (f"-Xmx{heap_mib(limits, _OWN_MEMORY_MIB)}m", f"-Xss{_stack_mib(limits)}m")
        return Command((*_JVM, *sizes, "-cp", "classes", start))

    return run


def _without_quoted(source: str) -> str:
    """The code with a space in the place of each comment, text block, string and character.

    What is never closed is no such thing: its mark stays, and the text behind it is looked at.
    """
    kept: list[str] = []
    at = done = 0
    open_until = dict.fromkeys(("/*", '"""', '"', "'"), 0)
    while found := _QUOTE.search(source, at):
        start, mark = found.start(), found.group()
        at, end = found.end(), -1
        if mark.startswith("//"):
            end = at
        elif start >= open_until[mark]:
            end = _end_of_quoted(source, at, mark, open_until)
        if end < 0 and mark == '"""':
            # Two of the three marks are an empty string.
            at, end = start + 2, start + 2
        if end >= 0:
            kept += source[done:start], " "
            at = done = end
    return "".join([*kept, source[done:]])


def _end_of_quoted(source: str, at: int, mark: str, open_until: dict[str, int]) -> int:
    """Where the thing ends that `mark` opened before `at`, -1 where nothing closes it.

    Then `open_until` says how far the same mark need not be tried again: there it would fail as well.
    """
    if mark in _INSIDE:
        inside = _INSIDE[mark].match(source, at)
        end = inside.end() if inside else at
        if source[end : end + 1] == mark:
            return end + 1
        open_until[mark] = end
        return -1
    if mark == "/*":
        end = source.find("*/", at)
        closed = end + 2 if end >= 0 else -1
    else:
        block = _END_OF_BLOCK.search(source, at)
        closed = block.end() if block else -1
    if closed < 0:
        open_until[mark] = len(source)
    return closed


def _types(code: str) -> list[tuple[str, bool]]:
    """The types that are declared, and whether `public` is among the words before each."""
    found = []
    for run in _WORDS.finditer(code):
        words = run.group().split()
        first = at = 0
        while at < len(words) - 1:
            if words[at] in _TYPE_WORDS:
                found.append((words[at + 1], "public" in words[first:at]))
                first = at = at + 2
            else:
                at += 1
    return found


def _stack_mib(limits: Limits) -> int:
    """A stack that can run over: the JVM takes six times its size beside it to unwind compiled frames."""
    return max(min((limits.memory_bytes // MIB - _BARE_MIB) // 7, _MOST_STACK_MIB), 4)


def _top_level(code: str) -> str:
    """The text outside all braces."""
    depth, kept = 0, []
    for character in code:
        depth = max(depth + (character == "{") - (character == "}"), 0)
        if depth == 0:
            kept.append(character)
    return "".join(kept)


def _class_with_main(code: str, names: list[str]) -> str:
    """The last class that is declared before `main`, the first of all where there is no `main`."""
    main = _MAIN.search(code)
    before = code[: main.start()] if main else ""
    earlier = {match[1] for match in _DECLARED.finditer(before)}
    declared = [name for name in names if name in earlier]
    return (declared or names or ["Main"])[-1 if declared else 0]


def _driver(spec: FunctionSpec) -> str:
    words = [parse_type(parameter.type) for parameter in spec.parameters]
    lines = [
        f"        {type_text(word)} argument{number} = {_item(word, number)};"
        for number, word in enumerate(words)
    ]
    given = ", ".join(f"argument{number}" for number in range(len(words)))
    call = f"new {CLASS}().{free_name(spec.name, RESERVED)}({given})"
    if spec.returns == "None":
        ending = [f"        {call};", f'        Call.answer(null, "{RESULT_PATH}");']
    else:
        ending = [f'        Call.answer({call}, "{RESULT_PATH}");']
    return "\n".join(
        [
            "import java.util.*;",
            "class Driver {",
            "    public static void main(String[] args) throws Throwable {",
            f'        final Call in = new Call("{ARGUMENTS_PATH}");',
            *lines,
            *ending,
            "    }",
            "}",
            "",
        ]
    )


def _read(word: TypeWord) -> str:
    """The expression that reads a value of the type."""
    if word.name == "ndarray":
        return _read(word.as_lists())
    if word.optional:
        return f"in.<{boxed(word)}>maybe(() -> {_read(_plain(word))})"
    match word.name:
        case "list" if is_array(word):
            item = word.items[0]
            if item.name in ("int", "float", "bool"):
                return f"in.{item.name}Array()"
            empty = "String[0]" if item.name == "str" else f"{type_text(item).replace('[]', '[0]', 1)}"
            if item.name == "list":
                empty = f"{_base(item)}[0]{'[]' * type_text(item).count('[]')}"
            return f"in.list(() -> {_read(item)}).toArray(new {empty})"
        case "list":
            return f"in.<{boxed(word.items[0])}>list(() -> {_read(word.items[0])})"
        case "dict":
            return f"in.<{boxed(word.items[0])}>map(() -> {_read(word.items[0])})"
        case "tuple":
            items = [_item(item, number) for number, item in enumerate(word.items)]
            return f"in.end(new {type_text(word)}({', '.join(items)}))"
    return f"in.{word.name}Value()"


def _item(word: TypeWord, number: int) -> str:
    """The expression that reads a tuple's or the arguments' item, with what stands before it."""
    return f"in.<{boxed(word)}>item('{',' if number else '['}', () -> {_read(word)})"


def _plain(word: TypeWord) -> TypeWord:
    return TypeWord(word.name, word.items, False, word.dtype, word.rank)


def _base(word: TypeWord) -> str:
    return type_text(word).replace("[]", "")


def _tuples() -> str:
    """The records of 1 to 8 items, which write themselves as tuples."""
    lines = ["interface Tuple { Object[] items(); }"]
    for size in range(1, LARGEST_TUPLE + 1):
        letters = "ABCDEFGH"[:size]
        items = ", ".join(f"{letter} item{number}" for number, letter in enumerate(letters))
        names = ", ".join(f"item{number}" for number in range(size))
        lines.append(
            f"record Tuple{size}<{', '.join(letters)}>({items}) implements Tuple {{ "
            f"public Object[] items() {{ return new Object[] {{{names}}}; }} }}"
        )
    return "\n".join([*lines, ""])


# Not of the heap, and thrown: what nobody catches ends the program as any exception does.
_REFUSED = re.compile(
    rb"^(?:Exception in thread \".*\" |Caused by: )java\.lang\.OutOfMemoryError: "
    rb"(?:Cannot reserve \d+ bytes of direct|Direct) buffer memory",
    re.MULTILINE,
)

LANGUAGE = Language(
    LANGUAGES["java"],
    (Programs(("javac", "java"), ("-version",), "default-jdk-headless", least=(16,)),),
    program,
    function,
    own_memory_mib=_OWN_MEMORY_MIB,
    full_heap=(
        b"java.lang.OutOfMemoryError: Java heap space",
        b"java.lang.OutOfMemoryError: GC overhead limit exceeded",
        b"java.lang.OutOfMemoryError: Requested array size exceeds VM limit",
    ),
    refusal=Refusal(_REFUSED, 1),
)
