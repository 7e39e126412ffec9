"""Choice and open questions of QTI 3.0, and of 2.1, whose names are the same in another spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import yaml
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from questionbank.exchange.drafts import Draft, Provenance, Refused, draft_of, slug_from
from questionbank.packages.errors import Finding

MANIFEST = "imsmanifest.xml"
LANGUAGES = ("en", "zh")
MARKDOWN, NAME, POINT = "touchstone-markdown", "touchstone-name", "touchstone-point"
"""Classes of elements that hold our own texts as they are written: other readers show them as plain text."""
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MAX_DEPTH = 200
_MAX_ITEMS = 2000
_VERDICTS = {
    True: {"en": "This is right.", "zh": "正确。"},
    False: {"en": "This is wrong.", "zh": "错误。"},
}
_BLOCKS = frozenset(
    {"p", "div", "ul", "ol", "table", "tr", "pre", "blockquote", "h1", "h2", "h3", "h4", "prompt"}
)
_MARKS = {"em": "*", "i": "*", "strong": "**", "b": "**", "code": "`"}
_ANSWERED = ("choice-interaction", "extended-text-interaction", "text-entry-interaction")


class _Unfit(ValueError):
    """The item is none that can be a problem here; the text says why."""


def is_container(contents: Mapping[str, bytes]) -> bool:
    """Whether an archive is a QTI content package."""
    return MANIFEST in contents


def read_container(contents: Mapping[str, bytes], bank: Provenance) -> Iterator[Draft | Refused]:
    """Every item of a content package; files beside them are named where an item cannot show them."""
    items = [path for path in contents if path.endswith(".xml") and path != MANIFEST]
    found = 0
    for path in items:
        if b"ssessment-item" not in contents[path] and b"assessmentItem" not in contents[path]:
            continue
        found += 1
        if found > _MAX_ITEMS:
            yield _refused(path, f"a package has at most {_MAX_ITEMS} items")
            return
        yield read_item(contents[path], path, bank)
    if not found:
        yield _refused(MANIFEST, "the package holds no assessment item")


def read_item(data: bytes, path: str, bank: Provenance) -> Draft | Refused:
    """One assessment item as a package."""
    try:
        root = fromstring(data, forbid_dtd=True)
        _check_depth(root)
        return _item(root, path, bank)
    except DefusedXmlException:
        return _refused(path, "declares a document type or entities, which are not allowed")
    except ParseError as error:
        return Refused(path, (Finding(path, error.position[0], f"not valid XML: {error}"),))
    except _Unfit as error:
        return _refused(path, str(error))
    except (ValueError, LookupError, RecursionError) as error:
        return _refused(path, f"cannot be read: {ascii(str(error))[:200]}")


def _refused(path: str, message: str) -> Refused:
    return Refused(path, (Finding(path, None, message),))


def _check_depth(root: Element) -> None:
    level = [root]
    for _ in range(_MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise _Unfit("is nested too deeply")


def _tag(element: Element) -> str:
    """The element's name as QTI 3 spells it, without its prefix: choiceInteraction is choice-interaction."""
    name = str(element.tag).rpartition("}")[2].removeprefix("qti-")
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: "-" + match.group(1).lower(), name)


def _attribute(element: Element, name: str, default: str = "") -> str:
    """An attribute in either spelling."""
    camel = re.sub(r"-([a-z])", lambda match: match.group(1).upper(), name)
    return element.get(name, element.get(camel, default))


def _all(element: Element, *names: str) -> list[Element]:
    return [one for one in element.iter() if _tag(one) in names]


def _item(root: Element, path: str, bank: Provenance) -> Draft | Refused:
    if _tag(root) != "assessment-item":
        raise _Unfit(f"is no assessment item but {_tag(root)[:60]!r}")
    bodies = _all(root, "item-body")
    if len(bodies) != 1:
        raise _Unfit("has no item body")
    body = bodies[0]
    interactions = [one for one in body.iter() if _tag(one).endswith("-interaction")]
    if len(interactions) != 1:
        raise _Unfit(f"has {len(interactions)} interactions, a problem has one")
    (interaction,) = interactions
    if _tag(interaction) not in _ANSWERED:
        raise _Unfit(f"asks by {_tag(interaction)[:60]}: choice and open questions are read")
    identifier = _attribute(root, "identifier") or path.rpartition("/")[2].removesuffix(".xml")
    slug = slug_from(identifier)
    if not slug:
        raise _Unfit("its identifier has no letter or digit")
    choice = _tag(interaction) == "choice-interaction"
    section, files, notices = _choice(root, interaction) if choice else _open(body)
    names = {_language(root): _attribute(root, "title") or identifier}
    names |= {_language(one): _content(one) for one in _marked(body, NAME)}
    statements = _statements(body, interaction)
    if not any(text.strip() for text in statements.values()):
        raise _Unfit("asks nothing: its body holds no text")
    return draft_of(
        slug,
        names={language: text[:200] for language, text in names.items()},
        statements=statements,
        editorials={"en": "–", "zh": "–"},
        section=section,
        provenance=Provenance(
            bank.format, identifier, bank.license, bank.attribution, bank.url, bank.license_text
        ),
        files=files,
        difficulty="easy" if choice else "medium",
        minutes=5 if choice else 15,
        notices=tuple(Finding(path, None, f"{slug}: {text}") for text in notices),
    )


def _statements(body: Element, interaction: Element) -> dict[str, str]:
    marked = [one for one in _marked(body, MARKDOWN) if one in list(body)]
    if marked:
        return {_language(one): _content(one) for one in marked}
    prompts = [one for one in interaction if _tag(one) == "prompt"]
    skipped = {id(interaction), *(id(one) for one in _all(body, "rubric-block"))}
    text = _markdown(body, skipped) + "\n\n" + "\n\n".join(_markdown(one, set()) for one in prompts)
    return {_written_in(text): _tidy(text)}


def _choice(root: Element, interaction: Element) -> tuple[dict[str, Any], dict[str, bytes], list[str]]:
    options = [one for one in interaction.iter() if _tag(one) == "simple-choice"]
    declared = _attribute(interaction, "response-identifier")
    declarations = [
        one for one in _all(root, "response-declaration") if _attribute(one, "identifier") == declared
    ]
    right = {
        (value.text or "").strip()
        for one in declarations
        for correct in _all(one, "correct-response")
        for value in _all(correct, "value")
    }
    known = {_attribute(option, "identifier") for option in options}
    if not right or not right <= known or len(known) != len(options):
        raise _Unfit("says of no option that it is right" if not right else "its options are not told apart")
    cardinality = _attribute(declarations[0], "cardinality", "single")
    multiple = cardinality == "multiple"
    ids = _option_ids([_attribute(option, "identifier") for option in options])
    said = [
        _option(option, ids[_attribute(option, "identifier")], _attribute(option, "identifier") in right)
        for option in options
    ]
    choice = {
        "multiple": multiple,
        "shuffle": _attribute(interaction, "shuffle", "false") == "true",
        "options": said,
    }
    answer = [option["id"] for option in said if option["correct"]]
    files = {"submissions/accepted/right.json": (json.dumps(answer) + "\n").encode()}
    notices = [f"{_tag(one)} is not held: an answer is right or wrong" for one in _all(root, "mapping")]
    return {"kind": "choice", "choice": choice}, files, notices


def _option_ids(identifiers: list[str]) -> dict[str, str]:
    """Identifiers as our options are called: as they are where that may be, else counted."""
    slugs = [slug_from(one) for one in identifiers]
    if all(slugs) and len(set(slugs)) == len(slugs):
        return dict(zip(identifiers, slugs, strict=True))
    return {one: f"option-{number}" for number, one in enumerate(identifiers, start=1)}


def _option(option: Element, name: str, correct: bool) -> dict[str, Any]:
    feedback = _all(option, "feedback-inline", "feedback-block")
    own = [one for one in _marked(option, MARKDOWN) if not any(one in list(back) for back in feedback)]
    text = {_language(one): _content(one) for one in own}
    text = text or {"en": _tidy(_markdown(option, {id(back) for back in feedback}))}
    if not all(part.strip() for part in text.values()):
        raise _Unfit(f"option {name!r} has no text")
    said = {_language(one): _content(one) for back in feedback for one in _marked(back, MARKDOWN)}
    if not said and feedback:
        said = {"en": _tidy(_markdown(feedback[0], set()))}
    said = {language: part for language, part in said.items() if part.strip()} or _VERDICTS[correct]
    return {"id": name, "correct": correct, "text": _both(text), "explanation": _both(said)}


def _open(body: Element) -> tuple[dict[str, Any], dict[str, bytes], list[str]]:
    notices = []
    points: list[dict[str, Any]] = []
    for one in _marked(body, POINT):
        point: dict[str, Any] = {"id": one.get("data-id", ""), "weight": float(one.get("data-weight", "0"))}
        if one.get("data-required") == "true":
            point["required"] = True
        point["statement"] = _both({_language(text): _content(text) for text in _marked(one, MARKDOWN)})
        points.append(point)
    blocks = [one for one in _all(body, "rubric-block") if not _marked(one, POINT)]
    answer = {_language(text): _content(text) for one in blocks for text in _marked(one, MARKDOWN)}
    if not points:
        notices.append("its rubric is made: one point for the whole answer")
        whole = {"en": "The answer is right and complete.", "zh": "答案正确且完整。"}
        points = [{"id": "answer", "weight": 1.0, "required": True, "statement": whole}]
    if not answer:
        said = "\n\n".join(_tidy(_markdown(one, set())) for one in blocks)
        answer = {"en": said or "–"}
        if not said:
            notices.append("it has no model answer")
    rubric = {"points": points, "model_answer": _both(answer)}
    text = yaml.safe_dump(rubric, allow_unicode=True, sort_keys=False, width=1000)
    return {"kind": "open"}, {"rubric.yaml": text.encode()}, notices


def _both(texts: Mapping[str, str]) -> dict[str, str]:
    known = next((text for text in texts.values() if text.strip()), "–")
    return {language: texts.get(language) or known for language in LANGUAGES}


def _marked(element: Element, name: str) -> list[Element]:
    return [one for one in element.iter() if name in one.get("class", "").split()]


def _language(element: Element) -> str:
    given = element.get(_XML_LANG, "")
    return "zh" if given.lower().startswith("zh") else "en"


def _written_in(text: str) -> str:
    """Chinese where a good part of the letters is."""
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return "zh" if chinese * 4 > len(text.split()) + chinese else "en"


def _content(element: Element) -> str:
    return "".join(element.itertext())


def _markdown(element: Element, skipped: set[int]) -> str:
    """The element's content as Markdown, plain but for emphasis, code, lists and paragraphs."""
    parts = [element.text or ""]
    for child in element:
        name = _tag(child)
        if id(child) not in skipped:
            inner = _markdown(child, skipped)
            if name in _MARKS and inner.strip():
                parts.append(f"{_MARKS[name]}{inner.strip()}{_MARKS[name]}")
            elif name == "li":
                parts.append(f"\n- {inner.strip()}")
            elif name == "br":
                parts.append("\n")
            elif name == "img":
                parts.append(child.get("alt", ""))
            else:
                parts.append(f"\n\n{inner}\n\n" if name in _BLOCKS else inner)
        parts.append(child.tail or "")
    return "".join(parts)


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
