"""What other programs read: `diagnose --json` and `tune --json`, schema 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nuages.model import (
    SCHEMA,
    Coverage,
    Diagnosis,
    Evidence,
    Finding,
    Fix,
    LedgerEntry,
    LoadedVersion,
    Location,
    RouteCoverage,
    RouteFigures,
    StaleIgnore,
    Summary,
    TimeSplit,
    TuneResult,
    UnderLoad,
)
from nuages.report.changes import ranked, states

Json = dict[str, Any]


def diagnosis_json(diagnosis: Diagnosis) -> Json:
    """A diagnosis as docs/reference/json.md describes it; the same value gives the same text."""
    return {
        "schema": SCHEMA,
        "project": diagnosis.project,
        "coverage": _coverage(diagnosis.coverage),
        "time": _time(diagnosis.time),
        "findings": _findings(diagnosis.findings),
        "silenced": dict(sorted(diagnosis.silenced.items())),
        "stale": [_stale(ignore) for ignore in diagnosis.stale],
        "patch": diagnosis.patch,
    }


def tune_json(result: TuneResult) -> Json:
    """A run of tune as docs/reference/json.md describes it; the same value gives the same text."""
    return {
        "schema": SCHEMA,
        "project": result.project,
        "coverage": _coverage(result.coverage),
        "before": _summary(result.before),
        "after": _summary(result.after),
        "told_apart": sorted(result.told_apart),
        "rounds": result.rounds,
        "load": None if result.load is None else _load(result.load),
        "time": _time(result.time),
        "findings": _findings(result.findings),
        "fixes": _fixes(result.findings),
        "patch": result.patch,
        "plan": None,
        "seconds": {stage: _number(spent) for stage, spent in result.seconds.items()},
        "ledger": [_ledger_entry(entry) for entry in result.ledger],
        "overrides": list(result.overrides),
        "notes": list(result.notes),
        "silenced": dict(sorted(result.silenced.items())),
        "stale": [_stale(ignore) for ignore in result.stale],
    }


def _load(load: UnderLoad) -> Json:
    return {
        "rate": _number(load.rate),
        "p95_budget_ms": _number(load.p95_budget_ms),
        "before": _loaded(load.before),
        "after": None if load.after is None else _loaded(load.after),
        "cpu_ratio": None if load.cpu_ratio is None else [_number(n) for n in load.cpu_ratio],
        "verdict": load.verdict,
        "reasons": list(load.reasons),
        "notes": list(load.notes),
    }


def _loaded(version: LoadedVersion) -> Json:
    return {
        "knee": None if version.knee is None else _number(version.knee),
        "first": version.first,
        "p50_ms": _number(version.p50_ms),
        "p95_ms": _number(version.p95_ms),
        "p99_ms": _number(version.p99_ms),
        "error_share": _number(version.error_share),
    }


def _stale(ignore: StaleIgnore) -> Json:
    return {"by": ignore.by, "text": ignore.text, "where": ignore.where}


def _time(split: TimeSplit) -> Json:
    return {
        "executions": split.executions,
        "wall_ms": _number(split.wall_ms),
        "shares": {part: _number(share) for part, share in split.shares.items()},
        "queued_share": _number(split.queued_share),
        "locking_ms": _number(split.locking_ms),
        "outside": [{"name": name, "ms": _number(spent)} for name, spent in split.outside],
        "gc_share": _number(split.gc_share),
        "rss_mb": _number(split.rss_mb),
        "growing": [{"scope": name, "kb": _number(size)} for name, size in split.growing],
    }


def _coverage(coverage: Coverage) -> Json:
    return {
        "states": dict(states(coverage)),
        "routes": [_covered(route) for route in sorted(coverage.routes, key=lambda r: r.route)],
        "is_whole": coverage.is_whole,
        "requests": sum(route.requests for route in coverage.routes),
        "jobs": coverage.jobs,
        "tests_passed": coverage.tests_passed,
        "tests_failed": coverage.tests_failed,
        "notes": list(coverage.notes),
    }


def _covered(route: RouteCoverage) -> Json:
    return {
        "route": route.route,
        "state": route.state,
        "reason": route.reason,
        "statuses": dict(sorted(route.statuses.items())),
        "requests": route.requests,
        "rows": route.rows,
    }


def _summary(summary: Summary) -> Json:
    return {
        "routes": {route: _figures(summary.routes[route]) for route in sorted(summary.routes)},
        "knee_rps": None if summary.knee_rps is None else _number(summary.knee_rps),
        "queries_per_request": _number(summary.queries_per_request),
    }


def _figures(figures: RouteFigures) -> Json:
    return {
        "requests": figures.requests,
        "queries": _number(figures.queries),
        "db_ms": _number(figures.db_ms),
        "cpu_ms": _number(figures.cpu_ms),
        "p50_ms": _number(figures.p50_ms),
        "p95_ms": _number(figures.p95_ms),
    }


def _findings(findings: Iterable[Finding]) -> list[Json]:
    return [_finding(finding) for finding in ranked(findings)]


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "hint": finding.hint,
        "concern": finding.concern,
        "location": _location(finding.location),
        "created_at": _location(finding.created_at),
        "trigger": _location(finding.trigger),
        "routes": list(finding.routes),
        "tests": list(finding.tests),
        "evidence": _evidence(finding.evidence),
        "confidence": _number(finding.confidence),
        "remedy": {"kind": finding.remedy.kind, "path": finding.remedy.path},
        "fix": _fix(finding.fix),
    }


def _location(location: Location | None) -> Json | None:
    if location is None:
        return None
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
        "function": location.function,
        "root": location.root,
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "requests": evidence.requests,
        "calls": evidence.calls,
        "per_request_max": evidence.per_request_max,
        "wall_ms": _number(evidence.wall_ms),
        "share": _number(evidence.share, digits=6),
        "route_share": _number(evidence.route_share, digits=6),
        "rows": evidence.rows,
        "sql": evidence.sql,
        "p95_ms": None if evidence.p95_ms is None else _number(evidence.p95_ms),
        "max_ms": None if evidence.max_ms is None else _number(evidence.max_ms),
        "figures": {name: _figure(value) for name, value in sorted(evidence.figures.items())},
    }


def _figure(value: float | str) -> float | str | None:
    return value if isinstance(value, str) else _number(value, digits=6)


def _fix(fix: Fix) -> Json:
    return {
        "status": fix.status,
        "reason": fix.reason,
        "diff": fix.diff,
        "queries_before": fix.queries_before,
        "queries_after": fix.queries_after,
        "tests": fix.tests,
        "alternatives": list(fix.alternatives),
    }


def _fixes(findings: Iterable[Finding]) -> list[Json]:
    """The fixes that have an edit, each once, with the indexes of the findings that it answers."""
    fixes: dict[tuple[str, str], Json] = {}
    for index, finding in enumerate(ranked(findings)):
        fix = finding.fix
        if fix.status in ("verified", "proposed"):
            key = (fix.status, fix.diff or f"finding {index}")
            entry = {**_fix(fix), "files": sorted(fix.edits), "findings": []}
            fixes.setdefault(key, entry)["findings"].append(index)
    return sorted(fixes.values(), key=lambda fix: (fix["status"] != "verified", fix["findings"]))


def _ledger_entry(entry: LedgerEntry) -> Json:
    return {
        "kind": entry.kind,
        "target": entry.target,
        "verdict": entry.verdict,
        "origin": _location(entry.origin),
        "via": entry.via,
        "count": entry.count,
    }


def _number(value: float, digits: int = 3) -> float | None:
    """Rounded, as a microsecond is finer than any of it was measured; JSON knows no infinity."""
    return round(float(value), digits) if math.isfinite(value) else None
