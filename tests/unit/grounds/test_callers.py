"""Which lines a loop can lead to, as far as the project's text tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rules.recordings import at
from tests.unit.rules.sources import code

from nuages.code import Code
from nuages.grounds.callers import may_be_looped

CALL = "Entry.objects.create(text=text)"
NOTE = f"def note(text):\n    {CALL}\n"


def looped(folder: Path, text: str) -> bool:
    """Of the expression CALL, in blog/views.py."""
    source = code(folder, blog__views=text)
    lines = source.modules[0].text.splitlines()
    line = next(number for number, each in enumerate(lines, 1) if CALL in each)
    column = lines[line - 1].index(CALL)
    return may_be_looped(source, replace(at(line), column=column, end_column=column + len(CALL)))


@pytest.mark.parametrize(
    "text",
    [
        f"def f(request):\n    for text in texts:\n        {CALL}\n",
        NOTE + "def f(request):\n    for text in texts:\n        note(text)\n",
        NOTE + "def f(request):\n    return [note(text) for text in texts]\n",
        NOTE + "def f(request):\n    list(map(note, texts))\n",
        NOTE + "def g(x):\n    note(x)\ndef f(request):\n    for text in texts:\n        g(text)\n",
        NOTE,  # called by whom?
        NOTE + "def f(x):\n    note(x)\n    g(x)\ndef g(x):\n    f(x)\n",
        f"def note(text):\n    {CALL}\n    note(text.rest)\n",
        f"@receiver(saved)\ndef note(text):\n    {CALL}\n",
        f"class A:\n    def note(self, text):\n        {CALL}\n",
        f"{CALL}\n",
    ],
)
def test_what_a_loop_may_lead_to(tmp_path, text):
    assert looped(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        NOTE + "def f(request):\n    note('a')\n    note('b')\n    note('c')\n",
        NOTE + "def g(x):\n    note(x)\n    note(x)\ndef f(request):\n    g(1)\n    g(2)\n",
        f"def f(request):\n    def note(text):\n        {CALL}\n    note('a')\n    note('b')\n",
        NOTE + "class V(View):\n    def get(self, request):\n        note('a')\n",
    ],
)
def test_what_is_only_called_a_few_times(tmp_path, text):
    assert not looped(tmp_path, text)


def test_code_that_is_not_at_hand():
    assert may_be_looped(Code(), at(1))
