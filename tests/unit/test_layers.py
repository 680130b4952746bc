"""Imports point one way, down; the agent's half needs the standard library and Django only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "nuages"

# From the ground up: a part imports only what stands in a row above its own.
LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(row.split())
    for row in (
        "__init__ model errors",
        "agent record django pytest_plugin",
        "catalogs config_kinds fingerprints wording",
        "topology",
        "budget code config deployment exits outputs progress documents growth "
        "histogram origins lineage statements stated",
        "bottleneck cases indexes loops project store scratch attach answers remains",
        "grounds",
        "enclosure stack rules codemod session traffic commands",
        "edits load surroundings",
        "lab own_database check diagnose fix recording collect rule_pages silencing",
        "populate index_migrations index_trials serving up",
        "doors prove stateless watching",
        "loading suite report",
        "rounds under_load",
        "tune",
        "cli",
        "__main__",
    )
)
HEIGHT = {part: height for height, row in enumerate(LAYERS) for part in row}

# The verbs exchange values of the model; only tune and cli compose them.
VERBS = frozenset(
    (
        "recording",
        "collect",
        "diagnose",
        "fix",
        "populate",
        "prove",
        "plan",
        "check",
        "watch",
        "load",
        "up",
    )
)

AGENT_SET = LAYERS[1] | {"__init__", "model", "errors"}
AGENT_MAY_IMPORT = frozenset(sys.stdlib_module_names) | {"django", "asgiref", "nuages"}

MODULES = sorted(SOURCE.rglob("*.py"))
AGENT_MODULES = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in
                 AGENT_SET | {f"{name}.py" for name in AGENT_SET}]  # fmt: skip


def part_of(path: Path) -> str:
    """The part of nuages that a module belongs to: its first folder, or its own name."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted name and line of each import of a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            module = node.module or ""
            if module == "nuages":
                yield from ((f"nuages.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield module, node.lineno


def parts_imported(path: Path) -> Iterator[tuple[str, int]]:
    """The other parts of nuages that a module imports."""
    for name, line in imports(path):
        top, _, rest = name.partition(".")
        if top != "nuages":
            continue
        part = rest.partition(".")[0]
        known = (SOURCE / part).is_dir() or (SOURCE / f"{part}.py").is_file()
        part = part if part and known else "__init__"
        if part != part_of(path):
            yield part, line


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def test_every_part_has_its_layer() -> None:
    """Give a new part a row in LAYERS, and in docs/explanation/architecture.md."""
    assert {part_of(path) for path in MODULES} <= HEIGHT.keys()


def test_imports_point_down() -> None:
    assert not [
        f"{name(path)}:{line} imports {part}"
        for path in MODULES
        for part, line in parts_imported(path)
        if HEIGHT[part] >= HEIGHT[part_of(path)] and not {part_of(path), part} <= AGENT_SET
    ]


def test_verbs_do_not_import_one_another() -> None:
    assert not [
        f"{name(path)}:{line} imports {part}"
        for path in MODULES
        for part, line in parts_imported(path)
        if part_of(path) in VERBS and part in VERBS
    ]


def test_the_agent_set_imports_only_itself_the_standard_library_and_django() -> None:
    assert not [
        f"{name(path)}:{line} imports {module}"
        for path in AGENT_MODULES
        for module, line in imports(path)
        if not _may_import(part_of(path), module)
    ]
    assert not [
        f"{name(path)}:{line} imports {part}"
        for path in AGENT_MODULES
        for part, line in parts_imported(path)
        if part not in AGENT_SET
    ]


def _may_import(part: str, module: str) -> bool:
    top = module.partition(".")[0]
    return top in AGENT_MAY_IMPORT or (top == "pytest" and part == "pytest_plugin")


def test_attaching_needs_no_django() -> None:
    """sitecustomize runs it in every Python process of the project, pip and linters included."""
    code = (
        "import sys\n"
        "sys.modules['django'] = None\n"
        "import nuages, nuages.model, nuages.errors, nuages.agent.attach\n"
        "heavy = {'libcst', 'rich', 'click', 'jinja2', 'psycopg'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_packages_are_at_most_two_deep() -> None:
    deep = [name(path) for path in MODULES if len(path.relative_to(SOURCE).parts) > 3]
    assert not deep


def test_files_stay_small() -> None:
    """About 300 lines is the aim; what outgrows the slack too becomes a package."""
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert not {file: count for file, count in lines.items() if count > 350}
