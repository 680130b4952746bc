"""What an enclosed command sees, writes and reaches."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from pathlib import Path

import pytest

from nuages import enclosure
from nuages.errors import NuagesError

from .conftest import Around


def visible(around: Around) -> Path:
    return enclosure.visible_roots(around.made)[around.tree.resolve()]


def test_edits_are_seen_in_their_place(around: Around) -> None:
    edits = {"greeting.txt": "good day", "new/deep/file.py": "x = 1\n"}
    around.change(trees=(enclosure.Tree(root=around.tree, edits=edits),))
    code = "print(open('greeting.txt').read(), open('new/deep/file.py').read().strip())"
    assert around.python(code) == "good day x = 1"
    assert (around.tree / "greeting.txt").read_text() == "hello"
    assert not (around.tree / "new").exists()


def test_two_versions_of_one_size_differ_in_time(around: Around) -> None:
    """Bytecode caches would take one for the other."""
    times = set()
    for text in ("version a", "version b"):
        around.change(trees=(enclosure.Tree(root=around.tree, edits={"greeting.txt": text}),))
        times.add(around.python("import os; print(int(os.stat('greeting.txt').st_mtime))"))
    assert len(times) == 2


def test_the_modes_of_edited_files_stay(around: Around) -> None:
    (around.tree / "greeting.txt").chmod(0o755)
    around.change(trees=(enclosure.Tree(root=around.tree, edits={"greeting.txt": "!"}),))
    assert around.python("import os; print(oct(os.stat('greeting.txt').st_mode))") == "0o100755"


def test_an_edit_follows_links_inside_the_tree(around: Around) -> None:
    (around.tree / "real").mkdir()
    (around.tree / "real/a.txt").write_text("a")
    (around.tree / "real/b.txt").write_text("b")
    (around.tree / "alias").symlink_to("real")
    around.change(trees=(enclosure.Tree(root=around.tree, edits={"alias/a.txt": "A"}),))
    code = "print(open('real/a.txt').read(), open('alias/b.txt').read())"
    assert around.python(code) == "A b"


def test_what_is_written_in_the_tree_is_thrown_away(around: Around) -> None:
    around.python("open('greeting.txt', 'w').write('changed'); open('other.txt', 'w').write('x')")
    assert (around.tree / "greeting.txt").read_text() == "hello"
    assert not (around.tree / "other.txt").exists()


def test_scratch_and_what_was_allowed_can_be_written(around: Around) -> None:
    allowed = around.folder / "allowed"
    allowed.mkdir()
    around.change(writable=(allowed,))
    for folder in (around.made.scratch, allowed):
        around.python(f"open({str(folder / 'made.txt')!r}, 'w').write('x')")
        assert (folder / "made.txt").read_text() == "x"


def test_paths_with_commas_colons_and_spaces_work(enclosed: Around) -> None:
    odd = enclosed.folder / "a,b:c d\\e"
    odd.mkdir()
    (odd / "file.txt").write_text("odd")
    enclosed.change(trees=(*enclosed.made.trees, enclosure.Tree(root=odd, edits={"new": "x"})))
    path = str(odd / "file.txt")
    assert enclosed.python(f"f = open({path!r}, 'r+'); print(f.read()); f.write('!')") == "odd"
    assert (odd / "file.txt").read_text() == "odd"


def test_scratch_may_lie_inside_the_tree(enclosed: Around) -> None:
    scratch = enclosed.tree / ".nuages/scratch"
    scratch.mkdir(parents=True)
    enclosed.change(scratch=scratch)
    code = f"open({str(scratch / 'kept')!r}, 'w'); open('greeting.txt', 'w').write('changed')"
    enclosed.python(code)
    assert (scratch / "kept").exists()
    assert (enclosed.tree / "greeting.txt").read_text() == "hello"


def test_a_root_may_lie_inside_another(enclosed: Around) -> None:
    library = enclosed.tree / "libs/shared"
    library.mkdir(parents=True)
    (library / "a.txt").write_text("a")
    edits = {"a.txt": "edited"}
    enclosed.change(trees=(*enclosed.made.trees, enclosure.Tree(root=library, edits=edits)))
    assert enclosed.python("print(open('libs/shared/a.txt').read())") == "edited"


def test_temporary_files_are_private(enclosed: Around) -> None:
    name = f"/tmp/nuages-private-{os.getpid()}"
    assert enclosed.python(f"open({name!r}, 'w').write('x'); print(open({name!r}).read())") == "x"
    assert not Path(name).exists()


def test_sockets_of_an_allowed_folder_are_reached(enclosed: Around) -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        server.listen()
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({short + '/s'!r})"
        enclosed.change(sockets=(Path(short),))
        enclosed.python(code)
        enclosed.change(sockets=())
        with pytest.raises(AssertionError, match="ConnectionRefusedError"):
            enclosed.python(code)
    assert [(entry.kind, entry.verdict) for entry in enclosed.ledger()] == [("unix", "denied")]


def test_the_project_reaches_its_own_servers(enclosed: Around) -> None:
    """As LiveServerTestCase does, and sockets of multiprocessing."""
    enclosed.python("""if True:
        import os, socket
        for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("::1", 0)),
                                (socket.AF_UNIX, "own.sock"), (socket.AF_UNIX, "/tmp/own.sock"),
                                (socket.AF_UNIX, "\\0own")):
            with socket.socket(family) as server, socket.socket(family) as client:
                server.bind(address)
                server.listen()
                client.connect(server.getsockname())
    """)
    assert enclosed.ledger() == ()


def test_names_of_this_machine_resolve(enclosed: Around) -> None:
    assert enclosed.python("import socket; print(socket.gethostbyname('localhost'))") == "127.0.0.1"


def test_a_stubbed_host_answers_late(enclosed: Around) -> None:
    enclosed.change(hosts={"192.0.2.1": "stub:300"})
    begun = time.monotonic()
    with pytest.raises(AssertionError, match="ConnectionRefusedError"):
        enclosed.python("import socket; socket.create_connection(('192.0.2.1', 443))")
    assert time.monotonic() - begun > 0.3


@pytest.mark.parametrize("policy", ["allow", "stub:soon", "perhaps"])
def test_a_policy_that_cannot_be_kept_is_an_error(enclosed: Around, policy: str) -> None:
    enclosed.change(hosts={"api.example.com": policy})
    with pytest.raises(NuagesError) as error:
        enclosed.start("true")
    assert error.value.slug == "hosts"
    assert "api.example.com" in error.value.message


def test_a_copy_leaves_out_what_is_not_the_projects(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in (".git", "node_modules", "env", "app"):
        (tree / name).mkdir(parents=True)
        (tree / name / "file").write_text("x")
    (tree / "env/pyvenv.cfg").write_text("")
    made = enclosure.Enclosure(
        scratch=tmp_path, ledger=tmp_path / "l", trees=(enclosure.Tree(root=tree),), enforce=False
    )
    enclosure.start(made, ["true"], env={"PATH": "/usr/bin:/bin"}, cwd=tree).wait(30)
    assert sorted(path.name for path in (enclosure.visible_roots(made)[tree]).iterdir()) == ["app"]
