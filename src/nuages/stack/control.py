"""The stack's control socket: other commands ask the supervisor, line by line in JSON."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from nuages.errors import NuagesError
from nuages.stack.home import StackError

Say = Callable[[str], None]
Answer = Callable[[str, dict[str, Any], Say], Awaitable[Any]]  # (verb, arguments, progress)

LONGEST = 600.0  # seconds between two lines of an answer


async def serve(path: Path, answer: Answer) -> asyncio.Server:
    """Answer on a socket that only this user can reach."""
    path.unlink(missing_ok=True)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await _talk(reader, writer, answer)
        writer.close()

    server = await asyncio.start_unix_server(talk, str(path))
    os.chmod(path, 0o600)
    return server


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    def send(**message: Any) -> None:
        writer.write(json.dumps(message, default=str).encode() + b"\n")

    line = await reader.readline()
    if not line:
        return
    told = json.loads(line)
    try:
        send(done=await answer(told.pop("do"), told, lambda text: send(say=text)))
    except NuagesError as error:
        send(error={"message": error.message, "hint": error.hint, "detail": error.detail})
    except Exception as error:  # the stack goes on; who asked is told
        send(error={"message": f"{type(error).__name__}: {error}", "hint": "", "detail": ""})
    await writer.drain()


def ask(path: Path, verb: str, *, say: Say = lambda text: None, **arguments: Any) -> Any:
    """Ask the supervisor and wait for its answer; StackError where none runs, or it refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LONGEST)
            connection.connect(str(path))
            connection.sendall(json.dumps({"do": verb, **arguments}).encode() + b"\n")
            for message in _lines(connection):
                if "say" in message:
                    say(str(message["say"]))
                elif "error" in message:
                    raise StackError(**message["error"])
                else:
                    return message["done"]
    except OSError as error:
        raise StackError(
            "no stack of this project is up here", hint="nuages up", detail=str(error)
        ) from error
    raise StackError("the stack ended before it had answered", hint="nuages ps")


def _lines(connection: socket.socket) -> Iterator[dict[str, Any]]:
    with connection.makefile("rb") as file:
        for line in file:
            yield json.loads(line)
