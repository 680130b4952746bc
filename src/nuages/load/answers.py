"""HTTP/1.1 answers, read from whatever pieces the network gives them in."""

from __future__ import annotations

import re
from collections.abc import Mapping

NO_BODY = frozenset((204, 304))
LONGEST_HEAD = 65536  # bytes
# What has to be known of an answer; one search takes a third of the time of one for each.
_FIELD = re.compile(
    rb"\r\n(content-length|transfer-encoding|connection|keep-alive|set-cookie):[ \t]*"
    rb"([^\r\n]*[^\s])",
    re.IGNORECASE,
)


class Malformed(Exception):  # noqa: N818  (what the answer is, not what went wrong here)
    """The peer does not speak HTTP/1.1."""


class AnswerReader:
    """Reads one answer at a time; bodies are counted and thrown away."""

    __slots__ = ("_buffer", "_chunked", "_in_body", "_last", "_left", "_size", "close", "cookies",
                 "is_head", "keep_alive_seconds", "read", "status")  # fmt: skip

    def __init__(self) -> None:
        self.read = 0  # bytes of all answers
        self.status = 0
        self.close = False  # whether the connection ends with this answer
        self.cookies: list[bytes] = []
        self.keep_alive_seconds: float | None = None
        self._buffer = b""
        self._last, self._size = b"", -1  # head of the last answer in one piece, and its size
        self._chunked = False
        self._left = 0  # bytes of the body; -1: until the connection ends
        self.expect(is_head=False)

    def expect(self, *, is_head: bool) -> None:
        """Get ready for the answer to the next request."""
        self.is_head = is_head
        self._in_body = False

    def feed(self, data: bytes) -> bool:
        """Take more bytes; whether the answer is complete. Raises Malformed."""
        size = len(data)
        self.read += size
        if self._in_body:
            return self._body(data)
        # Many answers have the head of the one before, whose figures then stand as they are.
        if size == self._size and not self._buffer and data.startswith(self._last):
            return True
        whole = data = self._buffer + data if self._buffer else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            self._in_body = self._head(data[:end])
            data = data[end + 4 :]
            if self._in_body:
                self._buffer = b""
                is_complete = self._body(data)
                can_recur = is_complete and not self.is_head and not self._chunked
                self._last = whole[: len(whole) - len(data)]
                self._size = len(whole) if can_recur else -1
                return is_complete
        if len(data) > LONGEST_HEAD:
            raise Malformed("a head that does not end")
        self._buffer = data
        return False

    def end(self) -> bool:
        """The peer closed; whether that completes the answer."""
        return self._in_body and self._left < 0 and not self._chunked

    def _head(self, head: bytes) -> bool:
        """Whether a body follows; none does after 100 and 103, but the answer proper."""
        if head[:5] != b"HTTP/":
            raise Malformed("no HTTP")
        try:
            self.status = int(head[9:12])
        except ValueError:
            raise Malformed("no status") from None
        if self.status < 200 and self.status != 101:
            return False
        self._fields(head)
        return True

    def _fields(self, head: bytes) -> None:
        found = _FIELD.findall(head)
        told = {name.lower(): value for name, value in found}
        connection = told.get(b"connection", b"").lower()
        self.close = b"close" in connection
        self.close |= head[5:8] == b"1.0" and b"keep-alive" not in connection
        self.cookies = [value for name, value in found if name.lower() == b"set-cookie"]
        self.keep_alive_seconds = _number(told.get(b"keep-alive", b"").lower(), b"timeout=")
        self._length(told)

    def _length(self, told: Mapping[bytes, bytes]) -> None:
        self._chunked = False
        if self.is_head or self.status in NO_BODY:
            self._left = 0
        elif b"transfer-encoding" in told:
            self._chunked = b"chunked" in told[b"transfer-encoding"].lower()
            self._left = 0 if self._chunked else -1
        elif b"content-length" in told:
            try:
                self._left = int(told[b"content-length"])
            except ValueError:
                raise Malformed("a length that is no number") from None
        else:
            self._left = -1
        self.close |= self._left < 0

    def _body(self, data: bytes) -> bool:
        if self._chunked:
            return self._chunks(data)
        if self._left < 0:
            return False
        self._left -= len(data)
        if self._left < 0:
            raise Malformed("more than it said")
        return self._left == 0

    def _chunks(self, data: bytes) -> bool:
        """`_left` is what is left of a chunk with its line end; 0 before the next size."""
        data = self._buffer + data
        position = 0
        while True:
            if self._left:
                taken = min(self._left, len(data) - position)
                position += taken
                self._left -= taken
                if self._left:
                    break
            end = data.find(b"\r\n", position)
            if end < 0:
                break
            size = _size(data[position:end])
            if size == 0:
                return self._trailers(data[position:], end - position)
            position, self._left = end + 2, size + 2
        self._buffer = data[position:]
        return False

    def _trailers(self, data: bytes, line_end: int) -> bool:
        """After the last chunk: an empty line, with trailers before it or none."""
        if data.startswith(b"\r\n", line_end + 2) or data.find(b"\r\n\r\n", line_end) >= 0:
            self._buffer = b""
            return True
        self._buffer = data
        return False


def _number(text: bytes, name: bytes) -> float | None:
    _, found, rest = text.partition(name)
    digits = rest.split(b",")[0].strip()
    return float(digits) if found and digits.isdigit() else None


def _size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise Malformed("a chunk without a size") from None
