"""A site under load, as it stands and with the fixes: how much it holds, what gives out first."""

from __future__ import annotations

from collections.abc import Mapping

from nuages.lab import Lab
from nuages.load import Budget
from nuages.loading import LoadOptions, compare_loaded, gave_out, knee_of, served_site
from nuages.model import LoadedVersion, UnderLoad
from nuages.progress import Progress
from nuages.prove import Loaded, Proof, ProveOptions, Version, prove
from nuages.serving import ServerOptions
from nuages.traffic.mix import Mix

TURNS, TURN_SECONDS, KNEE_SECONDS = 3, 3.0, 3.0
# The fixes were tried on varied data, and their answers compared, before.
PROOF = ProveOptions(pairs=3, seconds=2.0, answer_seconds=3.0, varied=False)


def measure(
    lab: Lab,
    mix: Mix,
    edits: Mapping[str, str],
    *,
    servers: ServerOptions,
    p95_ms: float,
    progress: Progress,
) -> UnderLoad:
    """Compare the project with and without edits ("label:file" → new text) on the same data.

    Without edits there is one version: only its knee is looked for.
    """
    budget = Budget(p95_ms=p95_ms)
    if not edits:
        return _alone(lab, mix, servers, budget, progress)
    options = LoadOptions(
        servers=servers, budget=budget,
        turns=TURNS, seconds=TURN_SECONDS, knee_seconds=KNEE_SECONDS,
    )  # fmt: skip
    proof = prove(
        lab,
        Version(name="as it stands", project=lab.project),
        Version(name="with the fixes", project=lab.project, edits=edits),
        mix,
        PROOF,
        progress=progress,
        load=lambda sides: compare_loaded(sides, mix, options),
    )
    return _told(proof, budget)


def _told(proof: Proof, budget: Budget) -> UnderLoad:
    load, cpu = proof.load, proof.overall.cpu
    assert load is not None
    return UnderLoad(
        rate=load.rate,
        before=_version(load.a, load.knee_a, load.first_a),
        after=_version(load.b, load.knee_b, load.first_b),
        p95_budget_ms=budget.p95_ms,
        cpu_ratio=(cpu.ratio, cpu.low, cpu.high) if cpu else None,
        verdict=proof.judgement,
        reasons=proof.reasons,
        notes=(*proof.notes, *load.notes),
    )


def _version(loaded: Loaded, knee: float | None, first: str) -> LoadedVersion:
    return LoadedVersion(
        knee=knee,
        first=first,
        p50_ms=loaded.p50_ms,
        p95_ms=loaded.p95_ms,
        p99_ms=loaded.p99_ms,
        error_share=loaded.error_share,
    )


def _alone(
    lab: Lab, mix: Mix, servers: ServerOptions, budget: Budget, progress: Progress
) -> UnderLoad:
    with (
        progress.stage("load"),
        served_site(lab, mix.reading(), options=servers) as site,
        site.running(budget) as run,
    ):
        knee = knee_of(run, budget, seconds=KNEE_SECONDS)
    latency = next((step.latency for step in knee.steps if step.phase.rate == knee.rate), None)
    version = LoadedVersion(knee=knee.rate, first=gave_out(site.measured, budget))
    if latency is not None:
        version = LoadedVersion(
            knee=knee.rate,
            first=version.first,
            p50_ms=latency.percentile_ms(0.5),
            p95_ms=latency.percentile_ms(0.95),
            p99_ms=latency.percentile_ms(0.99),
        )
    return UnderLoad(
        rate=knee.rate or 0.0, before=version, p95_budget_ms=budget.p95_ms, notes=(knee.why,)
    )
