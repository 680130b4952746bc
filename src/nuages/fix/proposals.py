"""Findings get the edit that would remove their cause, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from nuages.codemod import Refusal, text
from nuages.codemod.draft import Draft
from nuages.edits import place_of, write_in
from nuages.fix.judging import refused
from nuages.model import Finding, Fix, Location, Remedy, RemedyKind
from nuages.origins import in_tests

APART: frozenset[RemedyKind] = frozenset({"index"})  # no run of the project tells of an index


def propose(
    findings: Iterable[Finding],
    sources: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Give each finding whose remedy is an edit that edit, or the reason why there is none.

    `sources` maps "label:file" to text, `files` to the SHA-256 at the time of the recording.
    """
    return tuple(
        finding if finding.remedy.kind in APART else proposed(finding, sources, files or {})
        for finding in findings
    )


def combine(findings: Iterable[Finding], sources: Mapping[str, str]) -> dict[str, str]:
    """All edits of these findings together: "label:file" → new text, changed files only."""
    drafts: dict[str, Draft] = {}
    findings = list(findings)
    for finding in sorted(_with_edits(findings), key=_order):
        try:
            write_in(drafts, sources, finding)
        except Refusal:
            continue  # alone it was possible: the judge will find its queries still there
    made = {
        key: new
        for finding in _with_edits(findings)
        for key, new in finding.fix.edits.items()
        if key not in sources  # a migration
    }
    changed = {key: d.text for key, d in drafts.items() if d.text != d.original}
    return {**changed, **made}


def patch(edits: Mapping[str, str], sources: Mapping[str, str]) -> str:
    """One unified diff of all edits, for a reader and for `git apply`."""
    return "".join(
        text.diff(key.partition(":")[2], sources.get(key, ""), new)
        for key, new in sorted(edits.items())
    )


def proposed(finding: Finding, sources: Mapping[str, str], files: Mapping[str, str]) -> Finding:
    place, remedy = place_of(finding), finding.remedy
    if finding.fix.reason or place is None:
        return finding
    key = _key(place)
    if key not in sources:
        return replace(finding, fix=refused(f"{place.file} is not the project's"))
    if in_tests(place):
        return replace(finding, fix=refused("the expression is in test code"))
    if key in files and files[key] != text.sha256(sources[key]):
        return replace(finding, fix=refused(f"{place.file} has changed since it was recorded"))
    try:
        return _edited(finding, sources)
    except Refusal as refusal:
        if remedy.kind == "select_related":
            other = proposed(with_prefetch(finding), sources, files)
            if other.fix.status == "proposed":
                return other
        return replace(finding, fix=refused(refusal.reason))


def _edited(finding: Finding, sources: Mapping[str, str]) -> Finding:
    remedy = finding.remedy
    drafts: dict[str, Draft] = {}
    write_in(drafts, sources, finding)
    edits = {key: draft.text for key, draft in drafts.items() if draft.text != draft.original}
    if not edits:
        said = f'{remedy.kind}("{remedy.path}")'
        return replace(finding, fix=refused(f"the queryset says {said} already"))
    fix = Fix(
        status="proposed",
        reason="not verified: it has not been run",
        edits=edits,
        diff=patch(edits, sources),
    )
    return replace(finding, fix=fix)


def with_prefetch(finding: Finding) -> Finding:
    remedy = Remedy(kind="prefetch_related", path=finding.remedy.path)
    hint = finding.hint.replace(".select_related(", ".prefetch_related(")
    return replace(finding, remedy=remedy, hint=hint, fix=Fix(status="none"))


def _with_edits(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.fix.status in ("proposed", "verified"))


def _order(finding: Finding) -> tuple[str, str, int, str]:
    """The longest path first, so that "author" finds itself covered by "author__profile".

    Prefetches come before joins: each is put right after the queryset, so joins stand first.
    """
    path, place = finding.remedy.path or "", place_of(finding)
    return (_key(place) if place else "", finding.remedy.kind, -path.count("__"), path)


def _key(place: Location) -> str:
    return f"{place.root}:{place.file}"
