"""The whole loop in one command: set up, record, diagnose, fix, prove, report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from nuages import commands, fix
from nuages.bottleneck import where_time_went
from nuages.code import Code
from nuages.codemod import text
from nuages.commands import Command
from nuages.deployment import read as read_deployment
from nuages.diagnose import diagnose
from nuages.doors import Door, Seen
from nuages.doors.driven import DrivenDoor
from nuages.doors.growing import SeenGrown, see_grown
from nuages.doors.tested import TestsDoor
from nuages.errors import NuagesError
from nuages.index_migrations import with_migrations
from nuages.index_trials import try_on_clones
from nuages.lab import BASE, GROWN, Lab, open_lab
from nuages.model import (
    Coverage,
    Diagnosis,
    Finding,
    Growth,
    IndexTrial,
    LedgerEntry,
    Recording,
    TuneResult,
)
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import Project
from nuages.silencing import baseline, silence, validate

SCHEMA_FAULTS = ("migration-failed", "database")  # slugs that another vendor may not show


@dataclass(frozen=True, kw_only=True)
class TuneOptions:
    """How a run goes, beyond what the project's configuration says."""

    rows: int = 300  # a model, at most, in the generic fill
    users: int | None = None  # fill with the volume that so many make, instead
    enforce: bool = True  # False: --unenclosed
    apply: bool = False
    keep: bool = False  # the scratch folder


def tune(project: Project, options: TuneOptions) -> TuneResult:
    """Run the loop on a project; its tree and its databases stay as they are unless `apply`."""
    progress = Progress()
    told = project.config.record
    command = commands.told(told) if told else None
    with _entered(project, options, progress, command) as (lab, door):
        with progress.stage("record"):
            seen = door.record()
        grown = SeenGrown()
        if isinstance(door, DrivenDoor):  # tests make their own data
            with progress.stage("grow"):
                grown = see_grown(lab, door, seen.outcome.recording, rows=options.rows)
        if grown.note:
            seen = _noted(seen, grown.note)
        with progress.stage("indexes"):
            trials = try_on_clones(
                lab,
                grown.recording or seen.outcome.recording,
                template=GROWN if grown.recording else BASE,
            )
        with progress.stage("diagnose"):
            diagnosis = _judge(
                project,
                seen.outcome.recording,
                seen.coverage,
                trials,
                lab.ledger(),
                growth=grown.growth,
            )
            found = diagnosis.findings
        sources = read_sources(project, found)
        with progress.stage("fix"):
            findings = _verify(found, sources, seen, door)
        if any(trial.outcome == "faster" for trial in trials):
            with progress.stage("migrations"):
                findings = with_migrations(lab, findings, sources)
        edits = fix.combine(_verified(findings), sources)
        with progress.stage("prove"):
            measured = door.summaries(edits)
        result = TuneResult(
            project=project.name,
            coverage=seen.coverage,
            before=measured.before,
            after=measured.after,
            told_apart=measured.told_apart,
            findings=findings,
            patch=fix.patch(edits, sources),
            time=where_time_went(seen.outcome.recording),
            ledger=lab.ledger(),
            seconds=dict(progress.seconds),
            sources=sources,
            overrides=tuple(_override(item) for item in lab.info.get("overrides", ())),
            notes=lab.databases.notes,
            recording=seen.outcome.recording,
            silenced=diagnosis.silenced,
            stale=diagnosis.stale,
        )
    if options.apply:
        files = seen.outcome.recording.files
        for path in fix.apply(edits, project.source_roots, files, new=edits.keys() - sources):
            progress.say(f"written: {path}")
    return result


def fix_recording(project: Project, recording: Recording, options: TuneOptions) -> Diagnosis:
    """Verify fixes for a recording by running its command again, enclosed, on a scratch copy."""
    progress = Progress()
    command = commands.recorded(recording)
    with _entered(project, options, progress, command) as (_, door):
        with progress.stage("baseline"):
            seen = door.record()
        diagnosis = _judge(project, recording, seen.coverage)
        found = diagnosis.findings
        sources = read_sources(project, found)
        with progress.stage("fix"):
            findings = _verify(found, sources, seen, door)
    edits = fix.combine(_verified(findings), sources)
    if options.apply:
        fix.apply(edits, project.source_roots, recording.files)
    return replace(diagnosis, findings=findings, patch=fix.patch(edits, sources))


def _judge(
    project: Project,
    recording: Recording,
    coverage: Coverage,
    trials: tuple[IndexTrial, ...] = (),
    ledger: tuple[LedgerEntry, ...] = (),
    growth: Growth | None = None,
) -> Diagnosis:
    """What a recording shows, without what the project silences."""
    code = _code(project)
    diagnosis = diagnose(
        recording,
        project=project.name,
        budgets=project.config.budgets,
        coverage=coverage,
        code=code,
        index_trials=trials,
        growth=growth,
        deployment=read_deployment(project.root),
        ledger=ledger,
    )
    return silence(
        diagnosis,
        code=code,
        recording=recording,
        ignore=project.config.ignore,
        baseline=baseline.of_project(project.root),
    )


@contextmanager
def _entered(
    project: Project, options: TuneOptions, progress: Progress, command: Command | None
) -> Iterator[tuple[Lab, Door]]:
    """A lab, set up, and the door into the project: its tests when a command is named."""
    validate(_code(project), project.config.ignore)
    with open_lab(project, progress=progress, enforce=options.enforce, keep=options.keep) as lab:
        if command:
            with progress.stage("set up"):
                lab.inspect()
            if lab.own_vendor == "sqlite" and lab.databases.vendor != "sqlite":
                lab.fall_back_to_sqlite("the tests are run on what the project runs them on")
                lab.inspect()
            yield lab, TestsDoor(lab, command)
        else:
            yield lab, DrivenDoor(lab, _populated(lab, options))


def _populated(lab: Lab, options: TuneOptions) -> tuple[str, ...]:
    """Fill PostgreSQL; SQLite where the project's own schema runs only there."""
    try:
        return prepare_databases(lab, rows=options.rows, users=options.users)
    except NuagesError as error:
        if error.slug not in SCHEMA_FAULTS or lab.databases.vendor == "sqlite":
            raise
        if lab.own_vendor != "sqlite":
            raise
        lab.fall_back_to_sqlite(error.message)
    return prepare_databases(lab, rows=options.rows, users=options.users)


def _noted(seen: Seen, note: str) -> Seen:
    notes = (*seen.coverage.notes, note)
    return replace(seen, coverage=replace(seen.coverage, notes=notes))


def _verify(
    found: tuple[Finding, ...], sources: Mapping[str, str], seen: Seen, door: Door
) -> tuple[Finding, ...]:
    proposed = fix.propose(found, sources, seen.outcome.recording.files)
    return fix.verify(proposed, sources, seen.outcome, door.run)


def _verified(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.fix.status == "verified")


def read_sources(project: Project, findings: tuple[Finding, ...]) -> dict[str, str]:
    """Text of every file that a finding names, by "label:file"."""
    sources = {}
    for finding in findings:
        for where in (finding.location, finding.created_at, finding.trigger, finding.remedy.at):
            if where is None or where.root not in project.source_roots:
                continue  # a library's template
            path = Path(project.source_roots[where.root]) / where.file
            key = f"{where.root}:{where.file}"
            if key not in sources and path.is_file():
                sources[key] = text.read(path)
    return sources


def _code(project: Project) -> Code:
    return Code({label: str(folder) for label, folder in project.source_roots.items()})


def _override(item: Mapping[str, object]) -> str:
    return f"{item['setting']}: {item['was']} → {item['now']} ({item['why']})"
