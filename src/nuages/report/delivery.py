"""A diagnosis delivered as it was asked for: silenced, filtered, printed, written to files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

import click
from rich.console import Console

from nuages import silencing
from nuages.code import Code
from nuages.exits import FOUND
from nuages.model import Budgets, Diagnosis, Recording
from nuages.outputs import writable
from nuages.report import github
from nuages.report.changes import ranked
from nuages.report.checkout import checkout
from nuages.report.json import diagnosis_json
from nuages.report.sarif import sarif
from nuages.rules import load_rules
from nuages.silencing import baseline as baselines
from nuages.silencing.baseline import Baseline


class Render(Protocol):
    """Prints a diagnosis on a terminal, of each group of findings `limit` at most."""

    def __call__(
        self, diagnosis: Diagnosis, console: Console, *, limit: int | None = None
    ) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line's options say, see options.report_options."""

    rules: tuple[str, ...] = ()
    limit: int | None = None
    baseline: Path | None = None
    write_baseline: bool = False
    html: Path | None = None
    sarif: Path | None = None
    github: bool = False
    as_json: bool = False


def asked_of(options: Mapping[str, Any]) -> Asked:
    """The options, read; NuagesError for what else would fail only after the work is done."""
    asked = Asked(**{item.name: options[item.name] for item in fields(Asked)})
    known = {rule.ID for rule in load_rules()}
    for rule in asked.rules:
        if rule not in known:
            raise silencing.unknown_rule(rule, "--rule", known)
    for path in (asked.html, asked.sarif, asked.baseline if asked.write_baseline else None):
        if path is not None:
            writable(path)
    return asked


@dataclass(frozen=True, kw_only=True)
class Told:
    """What belongs to a diagnosis: where it is from, and what the project silences."""

    verb: str  # "diagnose", "check"
    root: Path
    recording: Recording
    code: Code
    ignore: Sequence[str] = ()
    budgets: Budgets = field(default_factory=Budgets)


def silenced(diagnosis: Diagnosis, told: Told, asked: Asked) -> Diagnosis:
    """Without what the project silences, and of the rules that were asked for."""
    diagnosis = silencing.silence(
        diagnosis,
        code=told.code,
        recording=told.recording,
        ignore=told.ignore,
        baseline=_baseline(diagnosis, told, asked),
    )
    wanted = asked.rules
    kept = tuple(f for f in diagnosis.findings if not wanted or f.rule in wanted)
    return replace(diagnosis, findings=kept)


def _baseline(diagnosis: Diagnosis, told: Told, asked: Asked) -> Baseline | None:
    """What is known; with --write-baseline all that is found is."""
    if not asked.write_baseline:
        return baselines.of_project(told.root, asked.baseline)
    path = asked.baseline or told.root / baselines.FILE
    known = silencing.known_now(
        diagnosis,
        code=told.code,
        recording=told.recording,
        ignore=told.ignore,
        baseline=baselines.load(path) if path.exists() else None,
    )
    baselines.write(path, known)
    click.echo(f"nuages: {len(known):,} finding(s) are known now: {path}", err=True)
    return baselines.load(path)


def deliver(
    diagnosis: Diagnosis, told: Told, asked: Asked, *, render: Render, console: Console
) -> int:
    """Print and write a diagnosis; → the exit code."""
    shown = replace(diagnosis, findings=tuple(ranked(diagnosis.findings)[: asked.limit]))
    roots = told.recording.roots or {".": str(told.root)}
    tree = checkout(roots, told.recording.facts.settings_module)
    if asked.html:
        _write_page(asked.html, diagnosis, told)
    if asked.sarif:
        document = sarif(diagnosis, tree, category=f"nuages/{told.verb}")
        text = json.dumps(document, indent=1, ensure_ascii=False)
        asked.sarif.write_text(f"{text}\n", encoding="utf-8")
    if asked.as_json:
        click.echo(json.dumps(diagnosis_json(shown), indent=2, ensure_ascii=False))
    else:
        render(diagnosis, console, limit=asked.limit)
    for line in github.commands(shown.findings, tree) if asked.github else ():
        click.echo(line, err=asked.as_json)  # GitHub reads both; JSON stays whole
    return FOUND if diagnosis.findings else 0


def _write_page(path: Path, diagnosis: Diagnosis, told: Told) -> None:
    from nuages.report.html import render_diagnosis_html  # its libraries take 0.2 s to import

    page = render_diagnosis_html(diagnosis, told.recording, budgets=told.budgets, verb=told.verb)
    path.write_text(page, encoding="utf-8")
    click.echo(f"Report: {path}", err=True)
