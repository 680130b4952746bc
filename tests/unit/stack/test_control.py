from __future__ import annotations

import asyncio
import stat

import pytest

from nuages.stack import control
from nuages.stack.home import StackError


def asked(tmp_path, answer, verb, say=lambda text: None, **arguments):
    path = tmp_path / "c.sock"

    async def run():
        server = await control.serve(path, answer)
        try:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            return await asyncio.to_thread(control.ask, path, verb, say=say, **arguments)
        finally:
            server.close()

    return asyncio.run(run())


async def answer(verb, told, say):
    if verb == "scale":
        say("one moment")
        return {"replicas": told["replicas"]}
    if verb == "refuse":
        raise StackError("it cannot be", hint="ask otherwise")
    raise ValueError(verb)


def test_an_answer_and_what_is_said_meanwhile(tmp_path):
    said = []
    assert asked(tmp_path, answer, "scale", said.append, replicas=3) == {"replicas": 3}
    assert said == ["one moment"]


def test_a_refusal_comes_with_its_hint(tmp_path):
    with pytest.raises(StackError, match="cannot be") as caught:
        asked(tmp_path, answer, "refuse")
    assert caught.value.hint == "ask otherwise"


def test_a_fault_is_told_and_ends_nothing(tmp_path):
    with pytest.raises(StackError, match="ValueError: dance"):
        asked(tmp_path, answer, "dance")


def test_nobody_there(tmp_path):
    with pytest.raises(StackError, match="no stack"):
        control.ask(tmp_path / "none.sock", "ps")
