"""From a recording to findings: every rule run, the costliest finding first."""

from __future__ import annotations

from dataclasses import replace

from nuages.bottleneck import where_time_went
from nuages.cases import Case
from nuages.code import Code
from nuages.deployment import Deployment
from nuages.model import (
    Budgets,
    Coverage,
    Diagnosis,
    Finding,
    Fix,
    Growth,
    IndexTrial,
    LedgerEntry,
    Recording,
    Remedy,
)
from nuages.origins import is_library
from nuages.rules import decided, load_rules

LIBRARY_HINT = (
    "look for a setting of the library, or a newer one; to see its lines, name its package in "
    "[tool.nuages] source_roots"
)


def diagnose(
    recording: Recording,
    *,
    project: str,
    budgets: Budgets | None = None,
    coverage: Coverage | None = None,
    code: Code | None = None,
    index_trials: tuple[IndexTrial, ...] = (),
    growth: Growth | None = None,
    deployment: Deployment | None = None,
    ledger: tuple[LedgerEntry, ...] = (),
) -> Diagnosis:
    """Run every rule; findings that no line of the project takes part in come last."""
    case = Case(
        recording,
        recording.facts,
        code or Code(),
        budgets or Budgets(),
        deployment=deployment or Deployment(),
        ledger=ledger,
        index_trials=index_trials,
        growth=growth or Growth(),
    )
    found = [finding for rule in load_rules() for finding in rule.find(case)]
    findings = [_of_library(finding) if is_library(finding) else finding for finding in found]
    return Diagnosis(
        project=project,
        coverage=coverage or Coverage(),
        findings=tuple(sorted(findings, key=_rank)),
        time=where_time_went(recording),
        decided=decided(case),
    )


def _rank(finding: Finding) -> tuple[bool, bool, float, str, str]:
    """Ties are broken by what is said, so that two runs print the same order."""
    cost = -finding.evidence.wall_ms
    is_hazard = finding.concern == "hazard"
    return is_library(finding), is_hazard, cost, finding.message, finding.evidence.sql


def _of_library(finding: Finding) -> Finding:
    return replace(
        finding,
        message=f"In library code: {finding.message}",
        hint=finding.hint if "ModelAdmin" in finding.hint else LIBRARY_HINT,
        remedy=Remedy(kind="none"),
        fix=Fix(status="none", reason="the code is a library's"),
    )
