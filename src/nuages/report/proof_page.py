"""The page of a proof: the verdict, the routes, and how the CPU time of each is distributed."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

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
    return environment.get_template("proof.html").render(proof=proof, pictures=pictures)


def picture(a: Sequence[float], b: Sequence[float]) -> Markup:
    """Two histograms over one axis, of milliseconds: A grey, B in colour."""
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
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="CPU time, {label}">'
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
