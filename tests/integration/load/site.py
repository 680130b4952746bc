"""A server of a few plain answers, in a process of its own that can be stopped."""

from __future__ import annotations

import asyncio
import sys

CSRF = "a" * 32


def answer(head: bytes, body: bytes) -> tuple[bytes, bool]:
    """The answer to a request, and whether the connection ends with it."""
    path = head.split(b" ")[1]
    if path == b"/chunked/":
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n", False
    if path == b"/close/":
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", True
    if path == b"/broken/":
        return b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", False
    if path == b"/silent/":
        return b"", True
    if path == b"/cookie/":
        return (
            b"HTTP/1.1 200 OK\r\nSet-Cookie: csrftoken=" + CSRF.encode() + b"; Path=/\r\n"
            b"Content-Length: 0\r\n\r\n",
            False,
        )
    if path == b"/write/":
        fine = _is_allowed(head) and body.startswith(b"text=")
        return b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % (201 if fine else 403), False
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False


def _is_allowed(head: bytes) -> bool:
    """As Django's CSRF middleware: the cookie and the header say the same."""
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    cookie = fields.get(b"Cookie", b"").partition(b"csrftoken=")[2].partition(b";")[0]
    return len(cookie) == 32 and cookie == fields.get(b"X-CSRFToken")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            body = await reader.readexactly(int(length or 0))
            told, ends = answer(head, body)
            writer.write(told)
            if ends:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
