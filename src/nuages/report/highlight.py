"""Source and SQL as tokens of the few kinds that a report colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
    is_token_subtype,
)

LANGUAGES = {"py": "python", "pyi": "python", "html": "html+django", "sql": "postgresql"}
KINDS: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (String.Name, ""),  # a quoted identifier
    (String, "s"),
    (Number, "n"),
    (Operator.Word, "k"),
    (Keyword, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "f"),
    (Name.Tag, "k"),
)
LEXED_CHARACTERS = 400_000  # of one file; lexing runs at about 600,000 characters a second


@dataclass(frozen=True, slots=True)
class Token:
    """Characters of one kind: c(omment), s(tring), n(umber), k(eyword), f(unction), or ""."""

    kind: str
    text: str


def highlight(text: str, name: str) -> list[list[Token]]:
    """The lines of a text, numbered as Python and Django number them, by its name's suffix."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    language = LANGUAGES.get(name.rpartition(".")[2].lower())
    if language is None or len(text) > LEXED_CHARACTERS:
        return [[Token("", line)] for line in text.split("\n")]
    return _split(
        [Token(_kind(token), value) for _, token, value in _unprocessed(_lexer(language), text)]
    )


def sql_tokens(sql: str) -> list[Token]:
    """SQL as tokens."""
    lexed = _unprocessed(_lexer("postgresql"), sql)
    return _merged([Token("" if text == "." else _kind(kind), text) for _, kind, text in lexed])


def _unprocessed(lexer: Lexer, text: str) -> list[tuple[int, _TokenType, str]]:
    """What the lexer says of the text as it is: `get_tokens` would strip and normalise it."""
    return list(lexer.get_tokens_unprocessed(text))


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language)


@cache
def _kind(token: _TokenType) -> str:
    return next((kind for parent, kind in KINDS if is_token_subtype(token, parent)), "")


def _split(tokens: list[Token]) -> list[list[Token]]:
    lines: list[list[Token]] = [[]]
    for token in tokens:
        first, *rest = token.text.split("\n")
        lines[-1].append(Token(token.kind, first))
        lines.extend([Token(token.kind, part)] for part in rest)
    return [_merged(line) for line in lines]


def _merged(tokens: list[Token]) -> list[Token]:
    return [
        Token(kind, "".join(token.text for token in run))
        for kind, run in groupby((t for t in tokens if t.text), key=lambda token: token.kind)
    ]
