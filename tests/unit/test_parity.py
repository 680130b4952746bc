"""Whatever a user meets is written down: rules, errors, commands, options, configuration keys."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "nuages"
DOCS = REPOSITORY / "docs"

RULES = sorted(path.stem for path in (SOURCE / "rules").glob("[a-z]*.py"))


def read(path: Path) -> str:
    """The text of a file that must be there."""
    assert path.is_file(), f"{path.relative_to(REPOSITORY)} is missing"
    return path.read_text("utf-8")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_page_its_test_and_its_line_in_the_changelog(rule: str) -> None:
    slug = rule.replace("_", "-")
    page = read(DOCS / "rules" / f"{slug}.md")
    assert page.startswith(f"# {slug}\n")
    read(REPOSITORY / "tests" / "unit" / "rules" / f"test_{rule}.py")
    assert f"`{slug}`" in read(REPOSITORY / "CHANGELOG.md")
    assert f"rules/{slug}.md" in read(DOCS / "index.md")


@pytest.mark.parametrize("page", sorted((DOCS / "rules").glob("*.md")), ids=lambda page: page.stem)
def test_every_page_about_a_rule_has_a_rule(page: Path) -> None:
    assert page.stem.replace("-", "_") in RULES


def slugs() -> Iterator[tuple[str, str]]:
    """Each error slug in the source, and the module that raises it."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for value in _slug_values(node, path):
                yield value, path.relative_to(SOURCE).as_posix()


def _slug_values(node: ast.AST, path: Path) -> list[str]:
    found: list[ast.expr | None] = []
    if isinstance(node, ast.keyword) and node.arg == "slug":
        found = [node.value]
    elif isinstance(node, ast.ClassDef):
        assigned = [item for item in node.body if isinstance(item, ast.Assign)]
        found = [item.value for item in assigned if ast.unparse(item.targets[0]) == "slug"]
    elif isinstance(node, ast.Return) and path.name == "failures.py":
        # the agent's readings of the project's exceptions: (slug, message, hint, …)
        found = node.value.elts[:1] if isinstance(node.value, ast.Tuple) else []
    branches = [
        branch
        for value in found
        for branch in ([value.body, value.orelse] if isinstance(value, ast.IfExp) else [value])
    ]
    texts = [branch.value for branch in branches if isinstance(branch, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and text]


ENTRY = re.compile(r"^## ([a-z-]+)$", re.MULTILINE)


def test_every_error_has_its_entry() -> None:
    entries = set(ENTRY.findall(read(DOCS / "reference" / "errors.md")))
    missing = {slug: module for slug, module in slugs() if slug not in entries}
    assert not missing


def test_every_entry_about_an_error_has_the_error() -> None:
    entries = ENTRY.findall(read(DOCS / "reference" / "errors.md"))
    assert entries == sorted(set(entries))
    assert not set(entries) - {slug for slug, _ in slugs()}


def commands() -> dict[str, click.Command]:
    from nuages.cli import cli

    return dict(cli.commands)


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_help_and_is_in_the_docs(name: str) -> None:
    command = commands()[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"nuages {name} {parameter.opts[0]} has no help"
    page = read(DOCS / "reference" / "commands.md")
    section = page.partition(f"## nuages {name}\n")[2].partition("\n## ")[0]
    assert section, f"no section about nuages {name}"
    options = {opt for p in command.params if isinstance(p, click.Option) for opt in p.opts[:1]}
    assert not {option for option in options if option not in section}


def test_every_configuration_key_is_in_the_docs() -> None:
    import dataclasses

    from nuages.config import Config

    page = read(DOCS / "reference" / "configuration.md")
    keys = {field.name for field in dataclasses.fields(Config)}
    assert not {key for key in keys if f"`{key}`" not in page}


def test_the_versions_agree() -> None:
    from nuages import __version__

    project = tomllib.loads(read(REPOSITORY / "pyproject.toml"))["project"]
    assert project["version"] == __version__
    assert f"## {__version__}" in read(REPOSITORY / "CHANGELOG.md")


LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
PAGES = sorted([*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    dead = [target for target in LINK.findall(prose) if not _leads_somewhere(page, target)]
    assert not dead


def test_every_page_is_in_the_index() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in LINK.findall(read(index))}
    assert not set(DOCS.rglob("*.md")) - linked - {index}


def _leads_somewhere(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists():
        return False
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE) if anchor else []
    return not anchor or anchor in {_anchor(heading) for heading in headings}


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
