"""Judges edits as `nuages tune` does: many at once, each in a view and on a route of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.verify.cases import Case, views
from nuages.answers import compare_all, learn, unordered_routes
from nuages.doors.driven import DrivenDoor
from nuages.fix.judging import what_changed
from nuages.fix.varied import VariedData
from nuages.lab import open_lab
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import discover

PROJECT = Path(__file__).parent / "project"
ROWS = 300  # as `nuages tune` fills


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What the verification said of an edit."""

    case: Case
    reason: str  # why it is not accepted

    @property
    def is_accepted(self) -> bool:
        return not self.reason


def judge(chosen: Sequence[Case]) -> Iterator[Judged]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(PROJECT, Path(folder) / "project"))
        (root / "desk" / "views.py").write_text(views(), "utf-8")
        yield from _judged_in(root, chosen)


def _judged_in(root: Path, chosen: Sequence[Case]) -> Iterator[Judged]:
    project, text = discover(root), views()
    with open_lab(project, progress=Progress()) as lab:
        door = DrivenDoor(lab, prepare_databases(lab, rows=ROWS))
        door.record()
        before, again = door.run({}), door.run({})
        masks = learn(before.answers, again.answers)
        varied = VariedData(door.run_varied, {}, again.recording, masks)
        for wave in _waves(chosen):
            edits = _edits(text, wave)
            after = door.run(edits)
            verdicts = compare_all(
                masks,
                again.answers,
                after.answers,
                unordered=unordered_routes(again.recording),
            )
            reasons = {
                case: what_changed([case.route], again.recording, after.recording, verdicts)
                for case in wave
            }
            accepted = [case for case, reason in reasons.items() if not reason]
            changed = varied.changed(_edits(text, accepted)) or {}
            for case in wave:
                yield Judged(case=case, reason=reasons[case] or changed.get(case.route, ""))


def _edits(text: str, cases: Iterable[Case]) -> dict[str, str]:
    for case in cases:
        text = _edited(text, case)
    return {".:desk/views.py": text}


def _edited(text: str, case: Case) -> str:
    head, name, rest = text.partition(f"def {case.view}(request):")
    assert case.old in rest
    return head + name + rest.replace(case.old, case.new, 1)


def _waves(chosen: Sequence[Case]) -> list[list[Case]]:
    """At most one edit of a view in each; one that writes is alone in what it writes."""
    waves: dict[int, list[Case]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for case in chosen:
        waves[seen[case.view]].append(case)
        seen[case.view] += 1
    return list(waves.values())
