"""The whole loop in one command: set up, record, diagnose, fix, prove, report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from nuages import commands, fix
from nuages.bottleneck import where_time_went
from nuages.budget import TimeBudget
from nuages.code import Code
from nuages.commands import Command
from nuages.deployment import read as read_deployment
from nuages.diagnose import diagnose
from nuages.doors import Door, Seen
from nuages.doors.driven import DrivenDoor
from nuages.doors.growing import SeenGrown, see_grown
from nuages.doors.tested import TestsDoor
from nuages.errors import NuagesError
from nuages.fix.remembered import Remembered, subject_of
from nuages.index_migrations import with_migrations
from nuages.index_trials import asked_in, try_on_clones
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
    UnderLoad,
)
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import Project
from nuages.rounds import Fixed, Indexed, Rounds, Tested, unchanged
from nuages.serving import ServerOptions
from nuages.silencing import baseline, silence, validate
from nuages.traffic.mix import Mix
from nuages.traffic.recorded import outcomes
from nuages.under_load import measure

INDEXING = 0.2  # of the time, at most, goes into trying indexes: large ones take long to build
TRYING = 0.6  # of the time, at most, goes into trying edits: the load needs its own
LEAST_INDEXING = 30.0  # seconds, however little time there is
LEAST_SECONDS = 60.0  # without which no load is begun
SCHEMA_FAULTS = ("migration-failed", "database")  # slugs that another vendor may not show


@dataclass(frozen=True, kw_only=True)
class TuneOptions:
    """How a run goes, beyond what the project's configuration says."""

    rows: int = 300  # a model, at most, in the generic fill
    users: int | None = None  # fill with the volume that so many make, instead
    minutes: float = 10.0  # after which nothing new is tried
    load: bool = True  # put load on the site without and with the fixes
    workers: int = 2  # server processes under load
    threads: int = 4  # of each
    mix: Mix | None = None  # what is sent then; None: what the crawl reached
    remembered: Path | None = None  # file of what earlier runs refused
    enforce: bool = True  # False: --unenclosed
    apply: bool = False
    keep: bool = False  # the scratch folder


def tune(project: Project, options: TuneOptions) -> TuneResult:
    """Run the loop on a project; its tree and its databases stay as they are unless `apply`."""
    progress = Progress()
    budget = TimeBudget(seconds=60 * options.minutes)
    told = project.config.record
    command = commands.told(told) if told else None
    with _entered(project, options, progress, command) as (lab, door):
        own_tests = _own_tests(lab, door)
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
                asked_in(grown.recording, seen.outcome.recording),
                template=GROWN if grown.recording else BASE,
                seconds=max(LEAST_INDEXING, INDEXING * budget.seconds),
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
        with progress.stage("fix"):
            rounds = _rounds(
                project, options, door, seen, budget, command,
                indexed=partial(with_migrations, lab), own_tests=own_tests,
            )  # fmt: skip
            fixed = rounds.run(diagnosis.findings, seen.outcome)
        with progress.stage("prove"):
            measured = door.summaries(fixed.edits)
        loaded, why_not = _loaded(lab, door, fixed, options, budget, progress)
        result = TuneResult(
            project=project.name,
            coverage=seen.coverage,
            before=measured.before,
            after=measured.after,
            told_apart=measured.told_apart,
            findings=fixed.findings,
            patch=fix.patch(fixed.edits, fixed.sources),
            edits=fixed.edits,
            rounds=fixed.rounds,
            load=loaded,
            time=where_time_went(seen.outcome.recording),
            ledger=lab.ledger(),
            seconds=dict(progress.seconds),
            sources=fixed.sources,
            overrides=tuple(_override(item) for item in lab.info.get("overrides", ())),
            notes=(*lab.databases.notes, *why_not),
            recording=seen.outcome.recording,
            silenced=diagnosis.silenced,
            stale=diagnosis.stale,
        )
    if options.apply:
        files, new = seen.outcome.recording.files, fixed.edits.keys() - fixed.sources
        for path in fix.apply(fixed.edits, project.source_roots, files, new=new):
            progress.say(f"written: {path}")
    return result


def fix_recording(project: Project, recording: Recording, options: TuneOptions) -> Diagnosis:
    """Verify fixes for a recording by running its command again, enclosed, on a scratch copy."""
    progress = Progress()
    budget = TimeBudget(seconds=60 * options.minutes)
    command = commands.recorded(recording)
    outside = outcomes(recording)
    with _entered(project, options, progress, command, outside=outside) as (_, door):
        with progress.stage("baseline"):
            seen = door.record()
        diagnosis = _judge(project, recording, seen.coverage)
        with progress.stage("fix"):
            rounds = _rounds(project, options, door, seen, budget, command)
            fixed = rounds.run(diagnosis.findings, seen.outcome)
    if options.apply:
        fix.apply(fixed.edits, project.source_roots, recording.files)
    patch = fix.patch(fixed.edits, fixed.sources)
    return replace(
        diagnosis,
        findings=fixed.findings,
        patch=patch,
        edits=fixed.edits,
        sources=fixed.sources,
    )


def _rounds(
    project: Project,
    options: TuneOptions,
    door: Door,
    seen: Seen,
    budget: TimeBudget,
    command: Command | None,
    *,
    indexed: Indexed = unchanged,
    own_tests: Tested | None = None,
) -> Rounds:
    def judge(recording: Recording, edits: Mapping[str, str]) -> tuple[Finding, ...]:
        return _judge(project, recording, seen.coverage, edits=edits).findings

    told = {
        "command": command.argv if command else (),
        "rows": options.rows,
        "users": options.users,
        "tests": project.config.tests,
        "cache_seconds": project.config.cache_seconds,
        "settings": project.settings,
        "environment": sorted(project.environment),
    }
    return Rounds(
        roots=project.source_roots,
        door=door,
        judge=judge,
        budget=budget.share(TRYING if options.load else 1.0),
        remembered=Remembered(options.remembered, subject_of(_code(project), told)),
        indexed=indexed,
        own_tests=own_tests,
    )


def _own_tests(lab: Lab, door: Door) -> Tested | None:
    """The project's tests, where they are told and not what the project is entered by."""
    told = lab.project.config.tests
    if not told or isinstance(door, TestsDoor):
        return None
    tests = TestsDoor(lab, commands.told(told))
    with lab.progress.stage("tests"):
        before = tests.run({})
    if not any(before.tests.values()):
        raise NuagesError(
            f"`{told}` was run and no test passed, {len(before.tests):,} failed.",
            hint="Run it by hand; leave --tests out to do without.",
            slug="own-tests",
        )
    return Tested(run=tests.run, before=before)


def _loaded(
    lab: Lab,
    door: Door,
    fixed: Fixed,
    options: TuneOptions,
    budget: TimeBudget,
    progress: Progress,
) -> tuple[UnderLoad | None, tuple[str, ...]]:
    """Both versions under load, or the reason why not."""
    if not options.load or not isinstance(door, DrivenDoor):
        return None, ()
    if budget.left < LEAST_SECONDS:
        return None, (f"no load was put on the site: of {options.minutes:g} minutes none was left",)
    try:
        with progress.stage("traffic"):
            mix = options.mix or door.mix()
        servers = ServerOptions(workers=options.workers, threads=options.threads)
        p95_ms = lab.project.config.budgets.response_ms
        told = measure(lab, mix, fixed.edits, servers=servers, p95_ms=p95_ms, progress=progress)
        return told, ()
    except NuagesError as error:  # the findings and their proofs stand without
        return None, (f"no load was put on the site: {error.message}",)


def _judge(
    project: Project,
    recording: Recording,
    coverage: Coverage,
    trials: tuple[IndexTrial, ...] = (),
    ledger: tuple[LedgerEntry, ...] = (),
    growth: Growth | None = None,
    edits: Mapping[str, str] | None = None,
) -> Diagnosis:
    """What a recording shows, without what the project silences; of a version with `edits`."""
    code = _code(project, edits)
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
    allowed = fix.kept_for(diagnosis.findings, project.config.cache_seconds)
    return silence(
        replace(diagnosis, findings=allowed),
        code=code,
        recording=recording,
        ignore=project.config.ignore,
        baseline=baseline.of_project(project.root),
    )


@contextmanager
def _entered(
    project: Project,
    options: TuneOptions,
    progress: Progress,
    command: Command | None,
    outside: Mapping[str, bool] | None = None,
) -> Iterator[tuple[Lab, Door]]:
    """A lab, set up, and the door into the project: its tests when a command is named.

    `outside` says which of them passed where nothing was enclosed.
    """
    validate(_code(project), project.config.ignore)
    with open_lab(project, progress=progress, enforce=options.enforce, keep=options.keep) as lab:
        if command:
            with progress.stage("set up"):
                lab.inspect()
            if lab.own_vendor == "sqlite" and lab.databases.vendor != "sqlite":
                lab.fall_back_to_sqlite("the tests are run on what the project runs them on")
                lab.inspect()
            yield lab, TestsDoor(lab, command, outside=outside)
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


def _code(project: Project, edits: Mapping[str, str] | None = None) -> Code:
    roots = {label: str(folder) for label, folder in project.source_roots.items()}
    return Code(roots, edits=edits)


def _override(item: Mapping[str, object]) -> str:
    return f"{item['setting']}: {item['was']} → {item['now']} ({item['why']})"
