"""Sources survive the way from bytes to text and back."""

import hashlib
import subprocess

import pytest

from nuages.codemod import text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x = 1",
        b"x = 1\r\ny = 2\r\n",
        b"\xef\xbb\xbfx = 1\n",
        "é = 1\n".encode(),
        "# -*- coding: latin-1 -*-\né = 1\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n€ = 1\n".encode("cp1252"),
        b"x = '\x0c'\r\ry = 1\n",
    ],
)
def test_round_trip(data):
    source = text.from_bytes(data)
    assert text.to_bytes(source) == data
    assert text.sha256(source) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\n", "a\nc\n"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("a\nb", "a\nc"),
        ("a\nb", "a\nb\n"),
        ("a\x0c\u2028b\nc\n", "a\x0c\u2028b\nd\n"),
    ],
)
def test_a_diff_can_be_applied(tmp_path, old, new):
    (tmp_path / "m").mkdir()
    path = tmp_path / "m/x.py"
    path.write_bytes(old.encode())
    command = ["git", "apply", "-p1", "-"]
    diff = text.diff("m/x.py", old, new).encode()
    subprocess.run(command, cwd=tmp_path, input=diff, check=True)
    assert path.read_bytes() == new.encode()
