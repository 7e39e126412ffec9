"""Wrong versions of a reference solution, one small edit each, for tests to tell apart.

Operators as in Offutt et al. 1996 and the tools that followed, chosen for mistakes that people make. Each
edit replaces one node's own text, so that the difference to the reference is what a person would see.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from types import CodeType


class Operator(StrEnum):
    """What kind of mistake a mutant makes."""

    COMPARISON = "comparison"
    BOUNDARY = "boundary"
    ARITHMETIC = "arithmetic"
    CONSTANT = "constant"
    CONDITION = "condition"
    REMOVED_STATEMENT = "removed statement"
    SWAPPED_ARGUMENT = "swapped argument"
    EARLY_RETURN = "early return"


@dataclass(frozen=True, slots=True)
class Mutant:
    """`line` is the edit's, from 1; `before` and `after` the text of the edited node; `source` the whole."""

    operator: Operator
    line: int
    before: str
    after: str
    source: str
    which: str = ""
    """Of several with the same edit on the same line, as in "1 of 2"; empty where it is the only one."""

    @property
    def name(self) -> str:
        """Its own, and stable as long as the reference is: what an author lists as equivalent."""
        return f"{self.line}: {self.before} → {self.after}" + (f" ({self.which})" if self.which else "")

    def diff(self, reference: str) -> str:
        """The edit as a unified difference."""
        lines = difflib.unified_diff(
            reference.splitlines(), self.source.splitlines(), "reference", "mutant", lineterm="", n=2
        )
        return "\n".join(lines)


_NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_SHIFTED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_OTHER_SIGN: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.MatMult: ast.Mult,
}
_ANY_ORDER = frozenset({"max", "min", "gcd", "lcm", "hypot", "isclose", "maximum", "minimum"})
"""Functions whose arguments may stand in any order: to swap them is no mistake."""
_Edit = tuple[Operator, ast.stmt | ast.expr, str]


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant that compiles and differs from the reference and from those before it.

    Two programs of one bytecode behave alike: such a mutant is equivalent by proof and left out. Raises
    `SyntaxError` where the reference is no program.
    """
    seen = {_essence(compile(source, "solution.py", "exec", dont_inherit=True))}
    found = []
    text = _Text(source)
    for operator, node, after in _edits(ast.parse(source)):
        mutated = text.replaced(node, after)
        try:
            essence = _essence(compile(mutated, "solution.py", "exec", dont_inherit=True))
        except (SyntaxError, ValueError):
            continue
        if essence in seen:
            continue
        seen.add(essence)
        found.append(Mutant(operator, node.lineno, text.of(node), after, mutated))
    return list(_numbered(found))


def _numbered(mutants: list[Mutant]) -> Iterator[Mutant]:
    """With a name of its own for each."""
    alike, met = Counter(mutant.name for mutant in mutants), Counter[str]()
    for mutant in mutants:
        name = mutant.name
        met[name] += 1
        yield replace(mutant, which=f"{met[name]} of {alike[name]}") if alike[name] > 1 else mutant


class _Text:
    """The source by the tree's positions, which count bytes of UTF-8."""

    def __init__(self, source: str) -> None:
        self._data = source.encode()
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode()))

    def of(self, node: ast.stmt | ast.expr) -> str:
        start, end = self._span(node)
        return self._data[start:end].decode()

    def replaced(self, node: ast.stmt | ast.expr, after: str) -> str:
        start, end = self._span(node)
        return (self._data[:start] + after.encode() + self._data[end:]).decode()

    def _span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset


def _edits(tree: ast.Module) -> Iterator[_Edit]:
    for node in _live(tree):
        if isinstance(node, ast.expr):
            yield from _expression_edits(node)
        elif isinstance(node, ast.stmt):
            yield from _statement_edits(node)


def _live(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that a call can reach: no annotation, no docstring, no message, no main block."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_dead(node, child):
                yield from _live(child)


def _is_dead(parent: ast.AST, child: ast.AST) -> bool:
    # Inside a formatted string positions are not the source's before Python 3.12.
    if isinstance(parent, ast.Raise) or isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(parent, ast.Assert):
        return child is parent.msg
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    return isinstance(child, ast.If) and ast.unparse(child.test) == "__name__ == '__main__'"


def _expression_edits(node: ast.expr) -> Iterator[_Edit]:
    match node:
        case ast.Compare():
            yield from _compare_edits(node)
        case ast.BinOp() if type(node.op) in _OTHER_SIGN and not _joins_text(node):
            yield Operator.ARITHMETIC, node, _written(node, op=_OTHER_SIGN[type(node.op)]())
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield Operator.CONDITION, node, _written(node, op=other)
        case ast.UnaryOp(op=ast.Not()):
            yield Operator.CONDITION, node, f"({ast.unparse(node.operand)})"
        case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
            yield Operator.ARITHMETIC, node, f"({ast.unparse(node.operand)})"
        case ast.IfExp():
            yield Operator.CONDITION, node, _written(node, body=node.orelse, orelse=node.body)
        case ast.Constant():
            yield from ((Operator.CONSTANT, node, text) for text in _other_constants(node.value))
        case ast.Call() if ast.unparse(node.func).rpartition(".")[2] not in _ANY_ORDER:
            for place in range(len(node.args) - 1):
                if not any(isinstance(one, ast.Starred) for one in node.args[place : place + 2]):
                    args = list(node.args)
                    args[place], args[place + 1] = args[place + 1], args[place]
                    yield Operator.SWAPPED_ARGUMENT, node, _written(node, args=args)


def _compare_edits(node: ast.Compare) -> Iterator[_Edit]:
    for place, op in enumerate(node.ops):
        for operator, table in ((Operator.COMPARISON, _NEGATED), (Operator.BOUNDARY, _SHIFTED)):
            if type(op) in table:
                ops = list(node.ops)
                ops[place] = table[type(op)]()
                yield operator, node, _written(node, ops=ops)


def _other_constants(value: object) -> list[str]:
    if isinstance(value, bool):
        return [str(not value)]
    if isinstance(value, int):
        return [str(value + 1), f"({value - 1})"]
    if isinstance(value, float):
        return [repr(value + 1.0), repr(value * 2)]
    if isinstance(value, str):
        return [repr(value + "x") if value else repr("x")]
    return []


def _statement_edits(node: ast.stmt) -> Iterator[_Edit]:
    match node:
        case ast.If() | ast.While():
            yield Operator.CONDITION, node.test, f"(not ({ast.unparse(node.test)}))"
        case ast.Return(value=ast.expr()) if ast.unparse(node) != "return None":
            yield Operator.EARLY_RETURN, node, "return None"
        case ast.Break():
            yield Operator.EARLY_RETURN, node, "continue"
        case ast.Continue():
            yield Operator.EARLY_RETURN, node, "break"
        case ast.AugAssign():
            other = _OTHER_SIGN[type(node.op)]()
            yield Operator.ARITHMETIC, node, _statement(node, op=other)
            yield Operator.REMOVED_STATEMENT, node, "pass"
        case ast.Expr(value=ast.Call()) | ast.Assign() | ast.Delete():
            yield Operator.REMOVED_STATEMENT, node, "pass"
    if isinstance(node, ast.For | ast.While) and node.body:
        last = node.body[-1]
        if not isinstance(last, ast.Break | ast.Continue | ast.Return | ast.Raise):
            indent = " " * last.col_offset
            yield Operator.EARLY_RETURN, last, f"{_indented(ast.unparse(last), indent)}\n{indent}break"


def _joins_text(node: ast.BinOp) -> bool:
    """Whether a sum or product of texts is meant: the other sign would only fail."""
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _written(node: ast.expr, **fields: object) -> str:
    return f"({_statement(node, **fields)})"


def _statement(node: ast.AST, **fields: object) -> str:
    changed = copy.copy(node)
    for field, value in fields.items():
        setattr(changed, field, value)
    return ast.unparse(changed)


def _indented(text: str, indent: str) -> str:
    first, *others = text.splitlines()
    return "\n".join([first, *(indent + line for line in others)])


def _essence(code: CodeType) -> tuple[object, ...]:
    """What a code object does, without where its lines stand."""
    constants = tuple(
        _essence(value) if isinstance(value, CodeType) else (type(value).__name__, repr(value))
        for value in code.co_consts
    )
    return (
        code.co_code,
        constants,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_exceptiontable,
    )
