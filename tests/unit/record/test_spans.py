"""An instruction is resolved to the expression as it is written."""

from __future__ import annotations

import sys

import pytest

from nuages.record import spans


class Probe:
    """Notes which instruction called it, in whatever way."""

    def __init__(self):
        self.found = []

    def _note(self, *_, answer=None):
        frame = sys._getframe(2)
        self.found.append((frame.f_code, frame.f_lasti))
        return answer

    def __getattr__(self, name):
        return self._note()

    def __getitem__(self, key):
        return self._note()

    def __enter__(self):
        return self._note()

    def __exit__(self, *_):
        return None

    def __call__(self):
        return self._note()

    def __iter__(self):
        return self._note(answer=iter(()))

    def __bool__(self):
        return self._note(answer=True)

    def __len__(self):
        return self._note(answer=0)

    def __eq__(self, other):
        return self._note(answer=True)

    __hash__ = None


@pytest.fixture
def called(tmp_path):
    """Runs source in which `probe` is used; → span and text of the expression that did."""

    def called(source, encoding="utf-8"):
        path = tmp_path / "module.py"
        path.write_bytes(source.encode(encoding))
        probe = Probe()
        namespace = {"probe": probe}
        exec(compile(path.read_bytes(), str(path), "exec"), namespace)
        namespace["f"]()
        span = spans.span(*probe.found[-1])
        lines = spans.source(str(path)).lines[span.line - 1 : span.end_line]
        text = "".join([*lines[:-1], lines[-1][: span.end_column]])[span.column :]
        return span, text

    yield called
    spans.source.cache_clear()


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("probe.a", "attribute"), ("probe()", "call"), ("probe[0]", "subscript"),
        ("probe == 1", "comparison"), ("not probe", "truth"), ("list(probe)", "call"),
        ("len(probe)", "call"), ("bool(probe)", "call"),
    ],
)  # fmt: skip
def test_the_kind_of_an_expression(called, expression, kind):
    span, text = called(f"def f():\n    return ('é', {expression})\n")
    assert (text, span.kind) == (expression, kind)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("for x in probe: pass", "iterate"), ("a, *b = [1, *probe]", "iterate"),
        ("if probe: pass", "truth"), ("while probe: break", "truth"), ("with probe: pass", "with"),
        ("return [x for x in probe]", "iterate"), ("assert probe", "truth"),
        ("return probe and 1", "truth"),
    ],
)  # fmt: skip
def test_the_kind_of_a_statement(called, statement, kind):
    span, _ = called(f"def f():\n    {statement}\n")
    assert span.kind == kind
    assert span.line == 2


def test_columns_are_characters_where_the_interpreter_counts_bytes(called):
    span, text = called("def f():\n    return 'ééé→' + str(probe.name)\n")
    assert text == "probe.name"
    assert span.column == 24


def test_a_file_in_another_encoding(called):
    source = "# coding: latin-1\ndef f():\n    return 'é' + str(probe.name)\n"
    assert called(source, encoding="latin-1")[1] == "probe.name"


def test_a_specialised_instruction_is_the_same_instruction(called):
    source = "def f():\n    for _ in range(100):\n        probe.a\n"
    span, text = called(source)
    assert (text, span.kind) == ("probe.a", "attribute")


def test_code_without_columns_has_its_line_only():
    code = compile("def f():\n    return g()\n", "/nowhere.py", "exec")
    assert spans.span(code, 0).column is None


@pytest.mark.parametrize(
    ("qualname", "expected"),
    [
        ("f", "f"), ("C.m", "C.m"), ("f.<locals>.<listcomp>", "f"), ("<module>", ""),
        ("f.<locals>.<lambda>", "f"), ("f.<locals>.g", "f.<locals>.g"),
        ("C.m.<locals>.<genexpr>.<locals>.<lambda>", "C.m"), ("<lambda>", ""),
    ],
)  # fmt: skip
def test_functions_go_without_comprehensions(qualname, expected):
    assert spans.function_name(qualname) == expected
