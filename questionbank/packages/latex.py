"""Problem statements in LaTeX become Markdown: the subset that the package format names, and nothing run.

Formulas stay TeX between dollars. A command that is not known is noted with its line, and what stands in its
braces is kept as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 40
_MAX_EXPANSIONS = 2000

_SYMBOLS = {
    "ldots": "…", "dots": "…", "textellipsis": "…", "textbackslash": "\\\\", "textasciitilde": "\\~",
    "textasciicircum": "^", "textless": "\\<", "textgreater": "\\>", "textbar": "\\|", "textdegree": "°",
    "textunderscore": "\\_", "textbullet": "•", "textendash": "–", "textemdash": "—", "copyright": "©",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”",
    "S": "§", "P": "¶", "euro": "€", "pounds": "£", "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "o": "ø",
    "O": "Ø", "ss": "ß", "l": "ł", "L": "Ł", "i": "ı", "oe": "œ", "OE": "Œ", "quad": " ", "qquad": " ",
    "LaTeX": "LaTeX", "TeX": "TeX", "glqq": "„", "grqq": "“", "newline": "  \n", "linebreak": "  \n",
    "par": "\n\n", "hfill": " ", "break": "  \n", "slash": "/", "nobreakspace": "\u00a0",
}  # fmt: skip
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "r": "\u030a", "k": "\u0328", "d": "\u0323",
}  # fmt: skip
# Around their argument in Markdown.
_FONTS = {"textbf": "**", "emph": "*", "textit": "*", "textsl": "*", "sout": "~~", "mathbf": "**"}
_PLAIN_FONTS = frozenset(
    {"underline", "textsc", "textrm", "textnormal", "textsf", "mbox", "hbox", "text", "uline", "centerline"}
    | {"textup", "textmd"}
)
_CODE_FONTS = frozenset({"texttt", "t", "verb", "code", "lstinline"})
# For the rest of a group.
_SWITCHES = {"bf": "**", "bfseries": "**", "it": "*", "itshape": "*", "em": "*", "sl": "*"}
_CODE_SWITCHES = frozenset({"tt", "ttfamily"})
_DROPPED = frozenset(
    {"tiny", "scriptsize", "footnotesize", "small", "normalsize", "large", "Large", "LARGE", "huge", "Huge"}
    | {"noindent", "centering", "hline", "raggedright", "raggedleft", "medskip", "bigskip", "smallskip"}
    | {"newpage", "clearpage", "pagebreak", "nextsample", "remainingsamples", "indent", "maketitle", "null"}
    | {"protect", "normalfont", "rm", "sc", "sf", "upshape", "mdseries", "rmfamily", "sffamily", "scshape"}
    | {"toprule", "midrule", "bottomrule", "relax", "left", "right", "displaystyle", "allowbreak", "sloppy"}
    | {"begingroup", "endgroup", "vfill", "nolinebreak", "samepage", "xspace", "item"}
)
# Commands that say nothing to a reader, with how many arguments they take.
_SILENT = {
    "vspace": 1, "hspace": 1, "label": 1, "cline": 1, "cmidrule": 1, "setlength": 2, "addtolength": 2,
    "usepackage": 1, "pagestyle": 1, "thispagestyle": 1, "phantom": 1, "definecolor": 3, "lstset": 1,
    "captionsetup": 1, "renewcommand": 2, "setcounter": 2, "hypersetup": 1, "graphicspath": 1, "color": 1,
    "vskip": 0, "hskip": 0, "documentclass": 1, "selectlanguage": 1, "arraystretch": 0, "rule": 2,
}  # fmt: skip
_MATH = frozenset(
    {"equation", "align", "displaymath", "eqnarray", "gather", "multline", "math", "alignat", "flalign"}
)
_SECTIONS = {"section": "## ", "subsection": "### ", "subsubsection": "#### "}
_TITLES = {
    "Input": {"zh": "输入", "sv": "Indata"},
    "Output": {"zh": "输出", "sv": "Utdata"},
    "Interaction": {"zh": "交互", "sv": "Interaktion"},
}
_BOXES = frozenset(
    {"center", "figure", "wrapfigure", "table", "minipage", "document", "flushleft", "flushright", "small"}
    | {"figure*", "table*", "samepage", "multicols", "footnotesize", "adjustbox", "tabbing", "sloppypar"}
)
_BOX_ARGUMENTS = {"wrapfigure": 2, "minipage": 1, "multicols": 1, "adjustbox": 1}
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
_LINE_START = re.compile(r"^([^\S\n]*+)([-+]|\d{1,9}[.)])(?=\s)", re.MULTILINE)
_PLAIN_NAME = re.compile(r"^[^\S\n]*+%%\s*+plainproblemname:\s*+(.*)", re.MULTILINE)


class LatexError(ValueError):
    """The text is no LaTeX that ends; `line` says where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Converted:
    """A statement in Markdown, the name that it gives itself ("" for none), the pictures that it shows, and
    the commands that are not known, by the line where they first stand."""

    markdown: str = ""
    name: str = ""
    pictures: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)


def to_markdown(source: str, language: str, constants: Mapping[str, str]) -> Converted:
    """Raises `LatexError` where braces or environments do not close."""
    if len(source) > MAX_CHARACTERS:
        raise LatexError(f"is longer than {MAX_CHARACTERS:,} characters", 1)
    plain = _PLAIN_NAME.search(source)
    text = re.sub(r"\\constant\{(\w+)\}", lambda found: constants.get(found[1], found[0]), source)
    reader = _Reader(text.replace("\r\n", "\n"), language)
    markdown = reader.until(None)
    result = reader.result
    result.markdown = _tidy(markdown)
    if plain:
        result.name = plain[1].rstrip()
    return result


def _tidy(markdown: str) -> str:
    lines = [line if line.endswith("  ") and line.strip() else line.rstrip() for line in markdown.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _escaped(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


class _Reader:
    """Reads from a position on; every method leaves it behind what it has read."""

    def __init__(self, text: str, language: str) -> None:
        self.result = Converted()
        self._text = text
        self._at = 0
        self._language = language
        self._depth = 0
        self._macros: dict[str, tuple[int, str]] = {}
        self._expansions = 0

    def line(self) -> int:
        """The line of the position; macros that were put in may move it a little."""
        return self._text.count("\n", 0, self._at) + 1

    def until(self, end: str | None) -> str:
        """Markdown of what follows up to `end`: a group's or an environment's; None for all of it."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise LatexError(f"is nested deeper than {_MAX_DEPTH} levels", self.line())
        begun = self.line()
        pieces: list[str] = []
        closers: list[str] = []
        while True:
            if end and self._text.startswith(end, self._at):
                self._at += len(end)
                break
            if self._at >= len(self._text):
                if end is not None:
                    raise LatexError(f"{end} is missing: what it closes begins here", begun)
                break
            pieces.append(self._piece(closers))
        self._depth -= 1
        return _wrapped("".join(pieces), closers)

    def _piece(self, closers: list[str]) -> str:
        text, at = self._text, self._at
        character = text[at]
        if character == "\\":
            return self._command(closers)
        if character == "$":
            return self._dollars()
        if character == "%":
            newline = text.find("\n", at)
            self._at = len(text) if newline < 0 else newline + 1
            # A comment swallows its line's end, but not an empty line.
            return "\n" if self._text.startswith("\n", self._at) else ""
        if character == "{":
            self._at += 1
            return self.until("}")
        if character == "}":
            raise LatexError("} closes nothing", self.line())
        for typed, set_as in (
            ("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("`", "‘"), ("'", "’"), ("~", "\u00a0"),
            (",,", "„"), ("&", " "),
        ):  # fmt: skip
            if text.startswith(typed, at):
                self._at += len(typed)
                return set_as
        match = re.compile(r"[^\\$%{}`'~\-&,]+|.", re.DOTALL).match(text, at)
        assert match is not None
        self._at = match.end()
        # Blanks at a line's beginning would make code of a paragraph.
        return _escaped(re.sub(r"\n[ \t]+", "\n", match[0]))

    def _dollars(self) -> str:
        mark = "$$" if self._text.startswith("$$", self._at) else "$"
        begin = self._at + len(mark)
        at = begin
        while True:
            at = self._text.find(mark, at)
            if at < 0:
                raise LatexError(f"the formula that {mark} opens does not end", self.line())
            if not self._text.endswith("\\", begin, at) or self._text.endswith("\\\\", begin, at):
                break
            at += len(mark)
        content = self._text[begin:at]
        self._at = at + len(mark)
        return self._formula(content, display=mark == "$$")

    def _formula(self, content: str, *, display: bool) -> str:
        content = re.sub(r"(?<!\\)%[^\n]*\n", "", content)
        for name, (arity, body) in self._macros.items():
            if arity == 0:
                # A function: the body's backslashes are no references.
                content = re.sub(rf"\\{name}(?![A-Za-z])", _constantly(body), content)
        content = " ".join(content.split())
        if not content:
            return ""
        return f"\n\n$$\n{content}\n$$\n\n" if display else f"${content}$"

    def _command(self, closers: list[str]) -> str:
        match = re.compile(r"\\([A-Za-z]+)\*?|\\(.|\n|\Z)", re.DOTALL).match(self._text, self._at)
        assert match is not None
        begun = self.line()
        self._at = match.end()
        name = match[1]
        if name is None:
            return self._sign(match[2])
        if name in self._macros:
            return self._expand(name)
        if name == "begin":
            return self._environment(self._argument_text())
        if name == "end":
            raise LatexError(f"\\end{{{self._argument_text()}}} closes nothing", begun)
        if not self._text.startswith(("{", "["), self._at):
            self._skip_blanks()
        return self._named(name, closers, begun)

    def _named(self, name: str, closers: list[str], begun: int) -> str:
        special = _COMMANDS.get(name)
        if special:
            return special(self)
        if name in _SYMBOLS:
            if self._text.startswith("{}", self._at):
                self._at += 2
            return _SYMBOLS[name]
        if name in _FONTS:
            return _wrapped(self._argument(), [_FONTS[name]])
        if name in _SECTIONS:
            return f"\n\n{_SECTIONS[name]}{self._argument().strip()}\n\n"
        if name in _CODE_FONTS:
            return self._code(name)
        if name in _PLAIN_FONTS:
            return self._argument()
        if name in _SWITCHES:
            closers.append(_SWITCHES[name])
            return ""
        if name in _CODE_SWITCHES:
            closers.append("`")
            return ""
        if name in _DROPPED:
            return ""
        if name in _SILENT:
            self._option()
            for _ in range(_SILENT[name]):
                self._argument_text()
            return ""
        if name in _ACCENTS:
            return self._accent(name)
        self.result.unknown.setdefault(name, begun)
        return ""

    def _sign(self, sign: str) -> str:
        """A command of one sign."""
        if sign in ("(", "["):
            closing = "\\)" if sign == "(" else "\\]"
            end = self._text.find(closing, self._at)
            if end < 0:
                raise LatexError(f"the formula that \\{sign} opens does not end", self.line())
            content, self._at = self._text[self._at : end], end + 2
            return self._formula(content, display=sign == "[")
        if sign == "\\":
            self._option()
            return "  \n"
        if sign == "$":
            return "\\$"
        if sign in "#%&_{}~^" and not (sign in _ACCENTS and self._text.startswith("{", self._at)):
            return _escaped(sign)
        if sign in _ACCENTS:
            return self._accent(sign)
        return {"-": "", "/": "", "@": "", ",": "\u2009", "!": ""}.get(sign, " ")

    def _accent(self, sign: str) -> str:
        self._skip_blanks()
        letter = self._argument() or " "
        return unicodedata.normalize("NFC", letter[0] + _ACCENTS[sign]) + letter[1:]

    def _expand(self, name: str) -> str:
        self._expansions += 1
        arity, body = self._macros[name]
        for number in range(1, arity + 1):
            body = body.replace(f"#{number}", self._argument_text())
        if self._expansions > _MAX_EXPANSIONS or len(self._text) + len(body) > 2 * MAX_CHARACTERS:
            raise LatexError(f"\\{name} and other commands of its own expand without end", self.line())
        self._text = self._text[: self._at] + body + self._text[self._at :]
        return ""

    def _skip_blanks(self) -> None:
        match = re.compile(r"[ \t]*\n?[ \t]*(?!\n)").match(self._text, self._at)
        if match:
            self._at = match.end()

    def _option(self) -> str:
        if not self._text.startswith("[", self._at):
            return ""
        end = self._text.find("]", self._at)
        if end < 0:
            raise LatexError("] is missing", self.line())
        content, self._at = self._text[self._at + 1 : end], end + 1
        return content

    def _argument(self) -> str:
        """The next argument in Markdown: a group, or one sign."""
        self._skip_blanks()
        if self._text.startswith("{", self._at):
            self._at += 1
            return self.until("}")
        if self._at >= len(self._text):
            return ""
        return self._piece([]) if self._text[self._at] == "\\" else self._one_sign()

    def _one_sign(self) -> str:
        if self._text[self._at] in "}&":
            return ""
        self._at += 1
        return _escaped(self._text[self._at - 1])

    def _argument_text(self) -> str:
        """The next argument as it stands."""
        self._skip_blanks()
        if not self._text.startswith("{", self._at):
            match = re.compile(r"\\[A-Za-z]+|[^\s}]?").match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            return match[0]
        depth, at = 0, self._at
        while at < len(self._text):
            if self._text[at] == "\\":
                at += 2
                continue
            depth += (self._text[at] == "{") - (self._text[at] == "}")
            at += 1
            if depth == 0:
                content, self._at = self._text[self._at + 1 : at - 1], at
                return content
        raise LatexError("} is missing: what it closes begins here", self.line())

    def _code(self, name: str) -> str:
        if name in ("verb", "lstinline"):
            mark = self._text[self._at : self._at + 1]
            mark = "}" if mark == "{" else mark
            end = self._text.find(mark, self._at + 1)
            if not mark or end < 0:
                raise LatexError(f"\\{name} does not end", self.line())
            content, self._at = self._text[self._at + 1 : end], end + 1
            return _code_span(content)
        begun = self._at
        content = self._argument_text()
        if "$" in content or re.search(r"\\[A-Za-z]", content):
            self._at = begun
            return self._argument()
        return _code_span(re.sub(r"\\([#%&_{}$~^])", r"\1", content).replace("~", " "))

    def _environment(self, name: str) -> str:
        end = f"\\end{{{name}}}"
        bare = name.rstrip("*")
        if bare in ("verbatim", "lstlisting", "Verbatim", "minted", "alltt"):
            return self._verbatim(name, end)
        if bare in _MATH:
            content = self._raw(name, end)
            if bare in ("align", "eqnarray", "gather", "multline", "alignat", "flalign"):
                content = f"\\begin{{aligned}}{content}\\end{{aligned}}"
            return self._formula(content, display=True)
        if bare in ("itemize", "enumerate", "description", "compactitem", "compactenum"):
            self._option()
            return self._items(end, numbered=bare in ("enumerate", "compactenum"))
        if bare in ("tabular", "tabularx", "longtable", "array"):
            return self._table(bare, end)
        self._option()
        if name in _TITLES:
            title = _TITLES[name].get(self._language.partition("-")[0], name)
            return f"\n\n## {title}\n\n{self.until(end)}\n\n"
        if bare in ("quote", "quotation", "epigraphs", "verse"):
            return "\n\n" + _prefixed(self.until(end).strip(), "> ") + "\n\n"
        if bare == "comment":
            self._raw(name, end)
            return ""
        if bare not in _BOXES and name not in _BOXES:
            self.result.unknown.setdefault(f"begin{{{name}}}", self.line())
        for _ in range(_BOX_ARGUMENTS.get(bare, 0)):
            self._argument_text()
        return f"\n\n{self.until(end)}\n\n"

    def _raw(self, name: str, end: str) -> str:
        at = self._text.find(end, self._at)
        if at < 0:
            raise LatexError(f"\\begin{{{name}}} is not ended", self.line())
        content, self._at = self._text[self._at : at], at + len(end)
        return content

    def _verbatim(self, name: str, end: str) -> str:
        if name == "minted":
            self._option()
            self._argument_text()
        elif self._text.startswith("[", self._at):
            self._option()
        return _fenced(self._raw(name, end).strip("\n"))

    def _items(self, end: str, *, numbered: bool) -> str:
        self._depth += 1
        begun = self.line()
        items: list[list[str]] = []
        closers: list[str] = []
        item = re.compile(r"\\item(?![A-Za-z])")
        while not self._text.startswith(end, self._at):
            if self._at >= len(self._text):
                raise LatexError(f"{end} is missing: what it closes begins here", begun)
            match = item.match(self._text, self._at)
            if match:
                self._at = match.end()
                self._skip_blanks()
                label = self._option()
                items.append([f"**{_escaped(label)}** "] if label else [])
                closers = []
                continue
            piece = self._piece(closers)
            if items:
                items[-1].append(piece)
        self._at += len(end)
        self._depth -= 1
        lines = []
        for number, pieces in enumerate(items, 1):
            mark = f"{number}. " if numbered else "- "
            text = _tidy("".join(pieces)).strip()
            lines.append(mark + _prefixed(text, " " * len(mark))[len(mark) :] if text else mark.rstrip())
        return "\n\n" + "\n".join(lines) + "\n\n"

    def _table(self, name: str, end: str) -> str:
        self._option()
        if name == "tabularx":
            self._argument_text()
        self._argument_text()
        begun = self.line()
        rows: list[list[str]] = [[""]]
        closers: list[str] = []
        while not self._text.startswith(end, self._at):
            if self._at >= len(self._text):
                raise LatexError(f"{end} is missing: what it closes begins here", begun)
            if self._text[self._at] == "&":
                self._at += 1
                rows[-1].append("")
            elif self._text.startswith(("\\\\", "\\tabularnewline"), self._at):
                self._at += 2 if self._text.startswith("\\\\", self._at) else len("\\tabularnewline")
                self._option()
                rows.append([""])
            else:
                rows[-1][-1] += self._piece(closers)
        self._at += len(end)
        cells = [[" ".join(cell.split()) for cell in row] for row in rows]
        cells = [row for row in cells if any(row)]
        width = max((len(row) for row in cells), default=0)
        if not width:
            return ""
        lines = [[""] * width, ["---"] * width, *([*row, *[""] * (width - len(row))] for row in cells)]
        return "\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n\n"

    # The commands that have their own ways with arguments.

    def problem_name(self) -> str:
        name = self._argument_text() if self._text.startswith("{", self._at) else ""
        plain = re.sub(r"\\([&%#_$])", r"\1", re.sub(r"[{}]", "", name)).strip()
        self.result.name = self.result.name or plain
        return ""

    def illustration(self) -> str:
        self._argument_text()
        file, caption = self._argument_text(), self._argument().strip()
        return (
            f"\n\n{self._picture(file, caption)}\n\n*{caption}*\n\n" if caption else self._picture(file, "")
        )

    def graphics(self) -> str:
        self._option()
        return self._picture(self._argument_text(), "")

    def _picture(self, file: str, caption: str) -> str:
        file = file.strip().strip('"')
        if file not in self.result.pictures:
            self.result.pictures.append(file)
        text = re.sub(r"\(<[^>]*>\)|[*$\[\]\n]", "", caption)
        target = re.sub(r"[<>\s]", "", file)
        return f"![{text}](<{target}>)"

    def caption(self) -> str:
        self._option()
        return f"\n\n*{self._argument().strip()}*\n\n"

    def url(self) -> str:
        target = re.sub(r"[<>\s]", "", self._argument_text().replace("\\", ""))
        return f"<{target}>"

    def link(self) -> str:
        target = re.sub(r"[<>\s]", "", self._argument_text().replace("\\", ""))
        return f"[{self._argument().strip()}](<{target}>)"

    def epigraph(self) -> str:
        words, source = self._argument().strip(), self._argument().strip()
        return "\n\n" + _prefixed(f"{words}\n\n— {source}", "> ") + "\n\n"

    def footnote(self) -> str:
        return f" ({self._argument().strip()})"

    def paragraph(self) -> str:
        return f"\n\n**{self._argument().strip()}** "

    def define(self) -> str:
        """\\def\\name{body}; one with parameters is noted where it is used."""
        self._skip_blanks()
        match = re.compile(r"\\([A-Za-z]+)\s*").match(self._text, self._at)
        if match:
            self._at = match.end()
            self._macros[match[1]] = (0, self._argument_text())
        return ""

    def new_command(self) -> str:
        name = self._argument_text().strip().removeprefix("\\")
        arity = self._option()
        body = self._argument_text()
        if re.fullmatch(r"[A-Za-z]+", name):
            self._macros[name] = (int(arity) if arity.isdigit() else 0, body)
        return ""

    def many_columns(self) -> str:
        columns, _ = self._argument_text(), self._argument_text()
        width = int(columns) if columns.isdigit() and int(columns) < 100 else 1
        # The cells that it spans: what follows begins behind them.
        return self._argument() + " |" * (width - 1)

    def many_rows(self) -> str:
        self._option()
        self._argument_text()
        self._option()
        self._argument_text()
        return self._argument()

    def coloured(self) -> str:
        self._option()
        self._argument_text()
        return self._argument()


_COMMANDS: Mapping[str, Callable[[_Reader], str]] = {
    "problemname": _Reader.problem_name,
    "illustration": _Reader.illustration,
    "includegraphics": _Reader.graphics,
    "caption": _Reader.caption,
    "url": _Reader.url,
    "href": _Reader.link,
    "epigraph": _Reader.epigraph,
    "footnote": _Reader.footnote,
    "paragraph": _Reader.paragraph,
    "def": _Reader.define,
    "newcommand": _Reader.new_command,
    "providecommand": _Reader.new_command,
    "multicolumn": _Reader.many_columns,
    "multicol": _Reader.many_columns,
    "multirow": _Reader.many_rows,
    "textcolor": _Reader.coloured,
    "colorbox": _Reader.coloured,
    "resizebox": _Reader.many_rows,
    "scalebox": _Reader.coloured,
}


def _constantly(text: str) -> Callable[[re.Match[str]], str]:
    return lambda _: text


def _wrapped(content: str, marks: list[str]) -> str:
    """The content between marks, which must touch it in Markdown."""
    core = content.strip()
    if not marks or not core or "\n\n" in core:
        return content
    before = content[: len(content) - len(content.lstrip())]
    after = content[len(content.rstrip()) :]
    for mark in marks:
        core = _code_span(re.sub(r"\\(.)", r"\1", core)) if mark == "`" else f"{mark}{core}{mark}"
    return f"{before}{core}{after}"


def _code_span(content: str) -> str:
    content = " ".join(content.split())
    if not content:
        return ""
    mark = "`" * (max((len(run) for run in re.findall(r"`+", content)), default=0) + 1)
    space = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{mark}{space}{content}{space}{mark}"


def _fenced(content: str) -> str:
    mark = "`" * max(3, max((len(run) for run in re.findall(r"`+", content)), default=0) + 1)
    return f"\n\n{mark}\n{content}\n{mark}\n\n"


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))
