"""Classes and what they assign, read from compiled code: as the AST has them."""

from __future__ import annotations

import ast
import gc
import sys
import threading
from pathlib import Path

import pytest

from nuages.record import declarations, spans

EXAMPLE = '''
import os

def plain(cls):
    return cls


@plain
@plain
class Outer:
    """Doc."""
    ab = "é"; c = int(
        "1"
    )
    annotated: int = 3
    empty: int
    def method(self):
        class Inside: pass
    class Inner(object):
        field = property(lambda self: 1)
    import json
    first, second = 1, 2


class  Spaced : x = 1
'''


@pytest.fixture
def found(tmp_path):
    path = tmp_path / "example.py"
    path.write_text(EXAMPLE)
    return declarations.classes(str(path))


def test_classes_by_qualified_name(found):
    assert {name: (each.line, each.column) for name, each in found.items()} == {
        "Outer": (10, 0), "Outer.method.<locals>.Inside": (18, 8), "Outer.Inner": (19, 4),
        "Spaced": (25, 0),
    }  # fmt: skip


def test_what_is_assigned_to_one_name_and_nothing_else(found):
    assert found["Outer"].assigned == {
        "ab": (12, 4, 12, 12), "c": (12, 14, 14, 5), "annotated": (15, 4, 15, 22),
    }  # fmt: skip
    assert found["Outer.Inner"].assigned == {"field": (20, 8, 20, 40)}


def test_nothing_is_written_beside_the_file(found, tmp_path):
    assert [path.name for path in tmp_path.iterdir()] == ["example.py"]


@pytest.mark.parametrize("text", [None, "class Broken(:\n", "x = 1\n"])
def test_a_file_without_any(tmp_path, text):
    path = tmp_path / "other.py"
    if text is not None:
        path.write_text(text)
    assert declarations.classes(str(path)) == {}


@pytest.mark.parametrize("module", ["rest_framework.fields", "django.contrib.admin.options"])
def test_as_the_ast_has_them(module):
    path = Path(sys.prefix, "lib").glob(f"python*/site-packages/{module.replace('.', '/')}.py")
    filename = str(next(path))
    tree = ast.parse(Path(filename).read_text("utf-8"))
    top = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = declarations.classes(filename)
    assert {name for name in found if "." not in name} == set(top)
    for name, node in top.items():
        assert (found[name].line, found[name].column) == (node.lineno, node.col_offset)
        told = {s.targets[0].id for s in node.body if isinstance(s, ast.Assign)}
        assert set(found[name].assigned) == told


def test_no_tree_that_is_being_built_meanwhile_is_spoilt():
    """SystemError on CPython 3.11, once in some hundred, where this builds trees as well."""
    sources = [str(path) for path in Path(spans.__file__).parent.glob("*.py")]
    text = "\n".join(Path(path).read_text("utf-8") for path in sources)
    text = text.replace("from __future__ import annotations", "")
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            for path in sources:
                declarations.classes.__wrapped__(path)

    pause = threading.Event()

    def hand_over(phase: str, info: object) -> None:
        pause.wait(0.0005)  # the recorder's own call at a collection lets other threads in, too

    reader = threading.Thread(target=read)
    reader.start()
    gc.callbacks.append(hand_over)
    try:
        ast.parse(text)
    finally:
        gc.callbacks.remove(hand_over)
        is_over.set()
        reader.join()
