"""Choice and open questions as items of QTI 3.0, in both languages; `qti` reads them back."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from questionbank.exchange.qti import LANGUAGES, MANIFEST, MARKDOWN, NAME, POINT
from questionbank.packages.model import ChoiceSpec, Localised, OpenSpec, Package

_ITEM = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
_PACKAGE = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
_MATCH = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"


def container(package: Package) -> dict[str, bytes]:
    """The files of a content package that holds the one item."""
    path = f"items/{package.slug}.xml"
    return {MANIFEST: _manifest(package.slug, path).encode(), path: item(package).encode()}


def item(package: Package) -> str:
    """The assessment item of a choice or an open problem."""
    asked = _choice(package.choice) if package.choice else _open(package.open)
    declared, body = asked
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<qti-assessment-item xmlns="{_ITEM}" identifier={quoteattr(package.slug)} '
        f'title={quoteattr(package.names["en"])} adaptive="false" time-dependent="false" xml:lang="en">',
        *declared,
        '  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>',
        "  <qti-item-body>",
        f'    <div class="{NAME}" xml:lang="zh">{escape(package.names["zh"])}</div>',
        *_texts(package.statements, "    "),
        *body,
        "  </qti-item-body>",
    ]
    if package.choice:
        lines.append(f'  <qti-response-processing template="{_MATCH}"/>')
    return "\n".join([*lines, "</qti-assessment-item>", ""])


def _texts(texts: Localised, indent: str, tag: str = "div") -> list[str]:
    # The text as it is written: no line of ours may come between the tags.
    return [
        f'{indent}<{tag} class="{MARKDOWN}" xml:lang="{language}" xml:space="preserve">'
        f"{escape(texts[language])}</{tag}>"
        for language in LANGUAGES
    ]


def _choice(spec: ChoiceSpec) -> tuple[list[str], list[str]]:
    cardinality = "multiple" if spec.multiple else "single"
    declared = [
        f'  <qti-response-declaration identifier="RESPONSE" cardinality="{cardinality}" '
        'base-type="identifier">',
        "    <qti-correct-response>",
        *(f"      <qti-value>{option.id}</qti-value>" for option in spec.options if option.correct),
        "    </qti-correct-response>",
        "  </qti-response-declaration>",
        '  <qti-outcome-declaration identifier="FEEDBACK" cardinality="multiple" base-type="identifier"/>',
    ]
    most = 0 if spec.multiple else 1
    body = [
        f'    <qti-choice-interaction response-identifier="RESPONSE" shuffle="{str(spec.shuffle).lower()}" '
        f'max-choices="{most}">'
    ]
    for option in spec.options:
        body += [
            f'      <qti-simple-choice identifier="{option.id}">',
            *_texts(option.text, "        "),
            f'        <qti-feedback-inline outcome-identifier="FEEDBACK" identifier="{option.id}" '
            'show-hide="show">',
            *_texts(option.explanation, "          ", "span"),
            "        </qti-feedback-inline>",
            "      </qti-simple-choice>",
        ]
    return declared, [*body, "    </qti-choice-interaction>"]


def _open(spec: OpenSpec | None) -> tuple[list[str], list[str]]:
    assert spec is not None
    body = ['    <qti-extended-text-interaction response-identifier="RESPONSE"/>']
    body += ['    <qti-rubric-block use="scoring" view="scorer">', "      <qti-content-body>"]
    for point in spec.points:
        required = ' data-required="true"' if point.required else ""
        body.append(
            f'        <div class="{POINT}" data-id="{point.id}" data-weight="{point.weight!r}"{required}>'
        )
        body += [*_texts(point.statement, "          "), "        </div>"]
    body += ["      </qti-content-body>", "    </qti-rubric-block>"]
    body += ['    <qti-rubric-block use="scoring" view="tutor">', "      <qti-content-body>"]
    body += [*_texts(spec.model_answer, "        "), "      </qti-content-body>", "    </qti-rubric-block>"]
    declared = '  <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="string"/>'
    return [declared], body


def _manifest(slug: str, path: str) -> str:
    kind = "imsqti_item_xmlv3p0"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<manifest xmlns="{_PACKAGE}" identifier="manifest-{slug}">',
            "  <metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata>",
            "  <organizations/>",
            "  <resources>",
            f'    <resource identifier="{slug}" type="{kind}" href="{path}"><file href="{path}"/></resource>',
            "  </resources>",
            "</manifest>",
            "",
        ]
    )


def lost(package: Package, files: Mapping[str, bytes]) -> list[str]:
    """What of the package an item has no word for."""
    kept = {"problem.yaml", "touchstone.yaml", "rubric.yaml", "submissions/accepted/right.json"}
    return [path for path in sorted(files) if path not in kept and not path.startswith("statement/")]
