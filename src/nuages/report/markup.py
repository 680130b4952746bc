"""The pieces of the HTML report that are more than text: code, SQL, diffs, long names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from nuages.report.diff import DiffLine, diff_lines
from nuages.report.excerpts import Line
from nuages.report.highlight import Token, sql_tokens
from nuages.report.sql import readable

DIFF_CHARACTERS = 12_000  # of one diff that is shown

_CLASSES = {"added": "add", "removed": "del", "hunk": "hunk", "header": "head", "": ""}


@dataclass(frozen=True, slots=True)
class DiffHtml:
    """A diff, and whether all of it is there to be copied."""

    html: Markup
    whole: bool


def breakable(text: str) -> Markup:
    """A path, route or dotted name that may be broken after its separators."""
    return Markup("<wbr>").join(re.findall(r"[^/.]*[/.]+|[^/.]+$", text) or [text])


def code(line: Line) -> Markup:
    """One line of an excerpt, its span marked."""
    html = Markup()
    for marked, run in groupby(line.pieces, key=lambda piece: piece.marked):
        inner = _tokens(Token(piece.kind, piece.text) for piece in run)
        html += Markup("<mark>{}</mark>").format(inner) if marked else inner
    return html


def sql(statement: str) -> Markup:
    """A statement, a line per clause."""
    return _tokens(sql_tokens(readable(statement)))


def diff(text: str) -> DiffHtml:
    """A unified diff whose text content is the diff itself, so that it can be copied."""
    shown = text[:DIFF_CHARACTERS]
    lines = diff_lines(shown)
    html = Markup("").join(_diff_line(line) for line in lines)
    return DiffHtml(html=html, whole=len(shown) == len(text))


def _tokens(tokens: Iterable[Token]) -> Markup:
    return Markup("").join(
        Markup(
            f'<b class="{token.kind}">{_text(token.text)}</b>' if token.kind else _text(token.text)
        )
        for token in tokens
    )


def _diff_line(line: DiffLine) -> Markup:
    start, end = line.start, line.end
    text = _text(line.text)
    if start < end:
        parts = line.text[:start], line.text[start:end], line.text[end:]
        text = "{}<mark>{}</mark>{}".format(*map(_text, parts))
    name = f' class="{_CLASSES[line.kind]}"' if line.kind else ""
    return Markup(f"<span{name}>{text}\n</span>")


def _text(text: str) -> str:
    """Escaped for the content of an element; quotes may stay, and code is full of them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
