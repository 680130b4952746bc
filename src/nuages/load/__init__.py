"""Sends traffic at a rate of its own choosing, and measures from when each request was due."""

from nuages.load.knee import Steps, find_knee
from nuages.load.running import run_load
from nuages.load.values import Arrivals, Budget, Knee, LoadResult, Phase, RouteLoad

__all__ = [
    "Arrivals",
    "Budget",
    "Knee",
    "LoadResult",
    "Phase",
    "RouteLoad",
    "Steps",
    "find_knee",
    "run_load",
]
