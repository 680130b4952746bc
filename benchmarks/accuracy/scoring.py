"""Points: found, at the line, with the remedy; and false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.accuracy.places import Expected, allowed
from benchmarks.accuracy.running import Said

ADVICE = {"select_related": "select_related(", "prefetch_related": "prefetch_related("}


@dataclass
class Score:
    """How a tool did; the names are those of places."""

    found: list[str] = field(default_factory=list)
    at_the_line: list[str] = field(default_factory=list)
    with_remedy: list[str] = field(default_factory=list)
    other_advice: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)  # spoken of, though nothing is wrong there
    beside: list[str] = field(default_factory=list)  # said at a place beside what is wrong there


def score(
    said: Mapping[str, Sequence[Said]], wanted: Mapping[str, Expected], names: Iterable[str]
) -> Score:
    """Compare what was said of each place with what is wrong there."""
    result, besides = Score(), allowed()
    for name in names:
        reports = said.get(name, ())
        expected = wanted.get(name)
        if expected is None:
            if reports:
                result.false.append(f"{name}: {reports[0].text}")
            continue
        right = [report for report in reports if is_meant(report, expected)]
        (result.found if right else result.missed).append(name)
        result.beside += [
            f"{name}: {report.text}"
            for report in reports
            if report.rule and report not in right and (name, report.rule) not in besides
        ]
        at_line = [r for r in right if names_line(r, expected)]
        if at_line:
            result.at_the_line.append(name)
        if any(has_remedy(report, expected) for report in at_line):
            result.with_remedy.append(name)
        elif at_line and at_line[0].rule:
            advice = f"{at_line[0].remedy} {at_line[0].path or ''}".strip()
            result.other_advice.append(f"{name}: {advice}")
    return result


def is_meant(report: Said, expected: Expected) -> bool:
    """Whether a report is about what is wrong; of a peer, whatever it says of the place."""
    return not report.rule or report.rule == expected.rule


def names_line(report: Said, expected: Expected) -> bool:
    named = ((report.file, report.line), *report.also)
    return any(file == expected.file and line in expected.lines for file, line in named)


def has_remedy(report: Said, expected: Expected) -> bool:
    """Whether it advises what helps; where no single edit is expected, anything does."""
    if expected.remedy is None:
        return True
    if report.rule:
        kinds = {expected.remedy, "defer" if expected.remedy == "only" else expected.remedy}
        return report.remedy in kinds and expected.path in (None, report.path)
    advice = ADVICE.get(expected.remedy, expected.remedy)
    return advice in report.text and (expected.path or "") in report.text
