"""Where the kernel has no overlays for us and no mount_setattr, the long way round is taken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from nuages import enclosure
from nuages.enclosure import launch

from .conftest import Around

REFUSING = """
from nuages.enclosure import linux
mount = linux.mount
def refuse(*_, **__):
    raise OSError(38, "as before Linux 5.11")
linux.mount_setattr = refuse
linux.mount = lambda source, target, kind="", flags=0, data="": (
    refuse() if kind == "overlay" else mount(source, target, kind, flags, data)
)
"""


@pytest.fixture
def old(enclosed: Around, monkeypatch: pytest.MonkeyPatch) -> Around:
    *python, launcher = launch._PYTHON
    before, last = launcher.split("from nuages.enclosure.supervisor", 1)
    changed = f"{before}{REFUSING}from nuages.enclosure.supervisor{last}"
    monkeypatch.setattr(launch, "_PYTHON", (*python, changed))
    return enclosed


def test_trees_are_copied(old: Around) -> None:
    old.change(trees=(enclosure.Tree(root=old.tree, edits={"new.txt": "new"}),))
    old.python("open('greeting.txt', 'a').write('!')")
    assert old.python("print(open('new.txt').read(), open('greeting.txt').read())") == "new hello"
    assert (old.tree / "greeting.txt").read_text() == "hello"
    assert not (old.tree / "new.txt").exists()


def test_files_are_read_only(old: Around) -> None:
    with pytest.raises(AssertionError, match="Read-only file system"):
        old.python(f"open({str(Path(__file__).parent / 'new.txt')!r}, 'w')")


def test_temporary_files_are_private(old: Around) -> None:
    old.python("open('/tmp/nuages-old-kernel', 'w').write('x')")
    assert not Path("/tmp/nuages-old-kernel").exists()


def test_the_network_is_closed(old: Around) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection({server.getsockname()!r})"
        with pytest.raises(AssertionError, match="ConnectionRefusedError"):
            old.python(code)
