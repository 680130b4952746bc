"""The page of a proof: the verdict, the routes, and how the CPU time of each is distributed."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nuages.answers import Verdict
from nuages.prove import Proof

WIDTH, HEIGHT = 320, 72
BINS = 40
TAIL = 0.98  # what lies beyond it is left out of the picture: single outliers would flatten it


def render(proof: Proof) -> str:
    """One file that asks nothing of the network."""
    environment = Environment(
        loader=PackageLoader("nuages.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = {
        route: picture(a, b) for route, (a, b) in sorted(proof.distributions.items()) if a and b
    }
    load = proof.load
    latencies = picture(load.a.latencies, load.b.latencies) if load and load.a.latencies else ""
    return environment.get_template("proof.html").render(
        proof=proof, pictures=pictures, latencies=latencies, answers=_by_route(proof)
    )


def _by_route(proof: Proof) -> dict[str, list[Verdict]]:
    """The answers that differ: a few of each route say what there is to say."""
    found: dict[str, list[Verdict]] = {}
    for verdict in proof.different:
        found.setdefault(verdict.route, []).append(verdict)
    return found


def picture(a: Sequence[float], b: Sequence[float]) -> Markup:
    """Two histograms over one axis, of milliseconds: A filled, B a line."""
    most = max(_at(a, TAIL), _at(b, TAIL)) or 1.0
    least = min(min(a), min(b))
    width = (most - least) / BINS or 1.0
    counts = [_counted(each, least, width) for each in (a, b)]
    highest = max(max(each) for each in counts) or 1.0
    paths = "".join(
        f'<path class="{name}" d="{_outline(each, highest)}"/>'
        for name, each in zip(("a", "b"), counts, strict=True)
    )
    label = f"from {least:.2f} to {most:.2f} ms"
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Milliseconds, {label}">'
        f"{paths}</svg><small>{label}</small>"
    )


def _at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _counted(values: Sequence[float], least: float, width: float) -> list[float]:
    """Shares of the values by bin."""
    counts = [0] * BINS
    for value in values:
        index = int((value - least) / width)
        if index < BINS:
            counts[index] += 1
    return [count / len(values) for count in counts]


def _outline(shares: Sequence[float], highest: float) -> str:
    step = WIDTH / BINS
    points = [f"M0 {HEIGHT}"]
    for index, share in enumerate(shares):
        y = HEIGHT - share / highest * (HEIGHT - 4)
        points.append(f"L{index * step:.1f} {y:.1f}L{(index + 1) * step:.1f} {y:.1f}")
    return "".join((*points, f"L{WIDTH} {HEIGHT}Z"))
