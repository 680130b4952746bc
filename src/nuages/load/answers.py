"""HTTP/1.1 answers, read from whatever pieces the network gives them in."""

from __future__ import annotations

NO_BODY = frozenset((204, 304))
LONGEST_HEAD = 65536  # bytes


class Malformed(Exception):  # noqa: N818  (what the answer is, not what went wrong here)
    """The peer does not speak HTTP/1.1."""


class AnswerReader:
    """Reads one answer at a time; bodies are counted and thrown away."""

    __slots__ = ("_buffer", "_chunked", "_in_body", "_left", "close", "cookies", "is_head",
                 "keep_alive_seconds", "read", "status")  # fmt: skip

    def __init__(self) -> None:
        self.read = 0  # bytes of all answers
        self._buffer = b""
        self.expect(is_head=False)

    def expect(self, *, is_head: bool) -> None:
        """Get ready for the answer to the next request."""
        self.is_head = is_head
        self.status = 0
        self.close = False  # whether the connection ends with this answer
        self.cookies: list[bytes] = []
        self.keep_alive_seconds: float | None = None
        self._in_body = False
        self._chunked = False
        self._left = 0  # bytes of the body; -1: until the connection ends

    def feed(self, data: bytes) -> bool:
        """Take more bytes; whether the answer is complete. Raises Malformed."""
        self.read += len(data)
        if not self._in_body:
            data = self._buffer + data if self._buffer else data
            while (end := data.find(b"\r\n\r\n")) >= 0:
                self._in_body = self._head(data[:end])
                data = data[end + 4 :]
                if self._in_body:
                    self._buffer = b""
                    return self._body(data)
            if len(data) > LONGEST_HEAD:
                raise Malformed("a head that does not end")
            self._buffer = data
            return False
        return self._body(data)

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
        lower = head.lower()
        self.close = head[5:8] == b"1.0" and b"connection: keep-alive" not in lower
        self.close |= b"\nconnection: close" in lower
        if b"\nset-cookie:" in lower:
            self.cookies = [
                line[11:].strip()
                for line in head.split(b"\r\n")
                if line[:11].lower() == b"set-cookie:"
            ]
        if b"\nkeep-alive:" in lower:
            self.keep_alive_seconds = _number(_field(lower, b"\nkeep-alive:"), b"timeout=")
        self._length(lower)
        return True

    def _length(self, lower: bytes) -> None:
        if self.is_head or self.status in NO_BODY:
            self._left = 0
        elif b"\ntransfer-encoding:" in lower:
            self._chunked = b"chunked" in _field(lower, b"\ntransfer-encoding:")
            self._left = 0 if self._chunked else -1
        elif b"\ncontent-length:" in lower:
            try:
                self._left = int(_field(lower, b"\ncontent-length:"))
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


def _field(lower: bytes, name: bytes) -> bytes:
    start = lower.index(name) + len(name)
    end = lower.find(b"\r\n", start)
    return lower[start : end if end >= 0 else None].strip()


def _number(text: bytes, name: bytes) -> float | None:
    _, found, rest = text.partition(name)
    digits = rest.split(b",")[0].strip()
    return float(digits) if found and digits.isdigit() else None


def _size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise Malformed("a chunk without a size") from None
