"""Bodies of answers as trees, so that JSON, HTML and text are compared by path alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

Path = tuple[str | int, ...]
Difference = tuple[Path, object, object]

MISSING = "(missing)"
CSRF_NAMES = frozenset({"csrfmiddlewaretoken", "csrf-token", "csrf_token"})
# https://html.spec.whatwg.org/multipage/syntax.html#void-elements
VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
})  # fmt: skip
CELLS = frozenset({"<td>", "<th>"})  # their order has a meaning, that of rows may have none


def document(content_type: str, body: bytes) -> object:
    """A body as dicts, lists and values: JSON as it is, HTML by element, text by line."""
    kind, _, parameters = content_type.lower().partition(";")
    kind = kind.strip()
    if not body:
        return None
    if kind.endswith(("/json", "+json")):
        try:
            return json.loads(body)
        except ValueError:
            return _lines(body, parameters)
    if kind in ("text/html", "application/xhtml+xml"):
        return _html(_text(body, parameters))
    if kind.startswith("text/") or kind.endswith(("xml", "json", "ndjson", "javascript")):
        return _lines(body, parameters)
    return body


def differences(
    a: object,
    b: object,
    masked: frozenset[Path] = frozenset(),
    *,
    in_order: bool = True,
    path: Path = (),
) -> Iterator[Difference]:
    """Where two trees differ, outside the masked paths; lists of other lengths differ as a whole.

    With `in_order` off a permuted list is no difference.
    """
    if path in masked:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            old, new = a.get(key, MISSING), b.get(key, MISSING)
            yield from differences(old, new, masked, in_order=in_order, path=(*path, key))
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield path, f"{len(a)} items", f"{len(b)} items"
        elif in_order:
            for index, (old, new) in enumerate(zip(a, b, strict=True)):
                yield from differences(old, new, masked, path=(*path, index))
        else:
            below = _below_items(masked, path)
            if _counted(a, below) != _counted(b, below):
                yield path, a, b
    elif type(a) is not type(b) or a != b:
        yield path, a, b


def leaves(tree: object, path: Path = ()) -> Iterator[Path]:
    """The paths of all values."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from leaves(value, (*path, index))
    elif tree is not None:
        yield path


def show(path: Path) -> str:
    return "/".join(str(part) for part in path) or "/"


def _below_items(masked: frozenset[Path], path: Path) -> frozenset[Path]:
    """What is masked below any item of a list: rows that changed places take it along."""
    depth = len(path)
    return frozenset(
        mask[depth + 1 :] for mask in masked if mask[:depth] == path and len(mask) > depth
    )


def _counted(items: list[object], masked: frozenset[Path]) -> Counter[str]:
    return Counter(_canonical(item, masked) for item in items)


def _canonical(tree: object, masked: frozenset[Path], path: Path = ()) -> str:
    if path in masked:
        return "*"
    if isinstance(tree, dict):
        parts = [
            f"{key!r}:{_canonical(value, masked, (*path, key))}" for key, value in tree.items()
        ]
        return f"{{{','.join(sorted(parts))}}}"
    if isinstance(tree, list):
        below = _below_items(masked, path)
        return f"[{','.join(sorted(_canonical(item, below) for item in tree))}]"
    return repr(tree)


def _text(body: bytes, parameters: str) -> str:
    charset = parameters.rpartition("charset=")[2].strip(" \"'") if "charset=" in parameters else ""
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _lines(body: bytes, parameters: str) -> list[object]:
    return list(_text(body, parameters).splitlines())


def _html(text: str) -> object:
    builder = _TreeBuilder()
    builder.feed(text)
    builder.close()
    return _settled(builder.root)


def _settled(children: list[object]) -> object:
    """A list where all are elements of one name, so that they may change places; else by index."""
    names = {next(iter(child)) if isinstance(child, dict) else "text" for child in children}
    if len(names) == 1 and not names & CELLS and "text" not in names:
        return children
    return {str(index): child for index, child in enumerate(children)}


class _TreeBuilder(HTMLParser):
    """Elements as {"<name>": children, "@attribute": value}, tolerant of what is not closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: list[object] = []
        self._open: list[tuple[str, dict[str, object], list[object]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node: dict[str, object] = {f"<{tag}>": []}
        node.update(_attributes(attrs))
        self._children().append(node)
        if tag not in VOID:
            self._open.append((tag, node, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, *_ in self._open):
            while self._close_last() != tag:
                pass

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text:
            self._children().append(text)

    def close(self) -> None:
        super().close()
        while self._open:
            self._close_last()

    def _children(self) -> list[object]:
        return self._open[-1][2] if self._open else self.root

    def _close_last(self) -> str:
        tag, node, children = self._open.pop()
        node[f"<{tag}>"] = _settled(children)
        return tag


def _attributes(attrs: list[tuple[str, str | None]]) -> dict[str, object]:
    """Attributes, without what is made anew for each answer: nonces and CSRF tokens."""
    values = {name: value for name, value in attrs if name != "nonce"}
    if values.get("name") in CSRF_NAMES:
        values = {name: v for name, v in values.items() if name not in ("value", "content")}
    return {f"@{name}": value for name, value in values.items()}
