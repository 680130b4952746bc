"""The page of a terminal report: headings, sentences, tables, lines that are never broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from nuages.report.figures import count

WIDE = 120  # columns from which tables show their optional columns

_ASCII = str.maketrans({
    "→": "->", "×": "x", "·": "|", "…": "...", "–": "-", "—": "-", "“": '"', "”": '"',
})  # fmt: skip
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


class Encodable:
    """A renderable reduced to what the console's stream can encode, without control characters.

    File names, SQL and messages come from the project: they may hold escape sequences, and
    characters that a pipe in another encoding refuses.
    """

    def __init__(self, inner: RenderableType, *, trim: bool) -> None:
        self._inner = inner
        self._trim = trim  # the spaces that rich pads lines with

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self._trim:
            yield from _encodable(console.render(self._inner, options), options.encoding)
            return
        for line in console.render_lines(self._inner, options, pad=False):
            yield from _trimmed(list(_encodable(line, options.encoding)))
            yield Segment.line()


def _encodable(segments: Iterable[Segment], encoding: str) -> Iterator[Segment]:
    for text, style, control in segments:
        yield Segment(text if control else encodable(text, encoding), style, control)


def _trimmed(line: list[Segment]) -> list[Segment]:
    while line and not line[-1].text.rstrip():
        line.pop()
    if line:
        line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
    return line


def encodable(text: str, encoding: str) -> str:
    """The text without control characters, as far as the encoding can say it."""
    text = text.translate(_CONTROL)
    if not encoding.lower().startswith("utf"):
        text = text.translate(_ASCII)
    return text.encode(encoding, "replace").decode(encoding)


class Fitted:
    """Text whose long words are broken where a reader would: after a slash, a dot, an underscore.

    Paths and tests' names are longer than a narrow column, which rich would break anywhere.
    """

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        found = re.finditer(r"\S+", self._text.plain)
        cuts = [word.start() + cut for word in found for cut in breaks(word[0], options.max_width)]
        yield Text("\n").join(self._text.divide(cuts)) if cuts else self._text


def fitted(block: RenderableType) -> RenderableType:
    """A text that breaks its long words well; what is no text as it is."""
    return Fitted(block) if isinstance(block, Text) else block


def breaks(word: str, width: int) -> Iterator[int]:
    """Where to break a word that is longer than the width, so that no part is."""
    start = 0
    while len(word) - start > width:
        part = word[start : start + width]
        ends = (max(part.rfind(mark) for mark in marks) + 1 for marks in ("/", ".:", "_-,(=["))
        start += next((end for end in ends if end > width // 3), width)
        yield start


class Page:
    """A console as a report uses it."""

    def __init__(self, console: Console, *, rest: str) -> None:
        self._console = console
        self._rest = rest  # where to find what was cut
        self.width = console.width
        self.wide = console.width >= WIDE

    def put(self, block: RenderableType, *, indent: int = 2) -> None:
        """A block of text or a table, within the console's width."""
        self._console.print(
            Encodable(Padding(fitted(block), (0, 0, 0, indent)), trim=True), end="", crop=False
        )

    def text(self, *parts: tuple[str, str], indent: int = 2) -> None:
        """A sentence of (text, style), wrapped."""
        self.put(Text.assemble(*parts), indent=indent)

    def line(self, *parts: tuple[str, str]) -> None:
        """One line, not broken: a path stays clickable, a diff stays a diff."""
        self._console.print(
            Encodable(Text.assemble(*parts), trim=False), soft_wrap=True, crop=False
        )

    def blank(self) -> None:
        self._console.print()

    def heading(self, text: str, aside: str = "") -> None:
        self.blank()
        self.line((text, "bold cyan"))
        if aside:
            self.text((aside, "dim"))

    def rest(self, number: int, noun: str) -> None:
        """Say how much more there is than was shown."""
        if number > 0:
            self.line((f"  … and {count(number)} more {noun}, {self._rest}", "dim"))


def broken(path: str, width: int) -> str:
    """A route or a path in lines of at most that width, broken after a slash or a space."""
    lines = [""]
    for part in re.findall(r"[^/ ]*[/ ]?", path):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("  ")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def table(*columns: tuple[str, str]) -> Table:
    """A table without lines; a column is its header and "left", "right" or "fold"."""
    built = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header, kind in columns:
        built.add_column(
            header,
            justify="right" if kind == "right" else "left",
            no_wrap=kind != "fold",
            overflow="fold",
        )
    return built
