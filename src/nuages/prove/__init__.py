"""Two versions of a project on the same data: what changed, how sure that is, and whether it is
still the same site."""

from nuages.prove.proving import ProveOptions, prove
from nuages.prove.values import Costs, Effect, Interval, Loaded, Proof, RouteProof
from nuages.prove.versions import Version, version_of

__all__ = [
    "Costs",
    "Effect",
    "Interval",
    "Loaded",
    "Proof",
    "ProveOptions",
    "RouteProof",
    "Version",
    "prove",
    "version_of",
]
