"""What the user has told not to report: by comments, in the configuration, by a baseline."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from nuages.code import Code
from nuages.errors import NuagesError
from nuages.fingerprints import fingerprints
from nuages.model import Diagnosis, Finding, Recording, SilencedBy, StaleIgnore
from nuages.rules import load_rules
from nuages.silencing import baseline as baselines
from nuages.silencing import comments, entries
from nuages.silencing.baseline import Baseline, Known
from nuages.silencing.comments import Comment
from nuages.silencing.files import File, plain
from nuages.silencing.reached import Reached


def silence(
    diagnosis: Diagnosis,
    *,
    code: Code,
    recording: Recording | None = None,
    ignore: Sequence[str] = (),
    baseline: Baseline | None = None,
) -> Diagnosis:
    """Leave out what is silenced, counted; say which ignores silence nothing any more.

    Raises NuagesError for an ignore that names no rule.
    """
    told = Silencing(code, recording or Recording(), ignore, baseline, diagnosis.decided)
    kept = told.unknown(told.spoken(diagnosis.findings))
    return replace(
        diagnosis,
        findings=tuple(kept),
        silenced={by: count for by, count in sorted(told.counts.items()) if count},
        stale=tuple(told.stale()),
    )


def validate(code: Code, ignore: Sequence[str]) -> None:
    """Raise NuagesError for an ignore that names no rule, before any work is done."""
    Silencing(code, Recording(), ignore, None)


def known_now(
    diagnosis: Diagnosis,
    *,
    code: Code,
    recording: Recording | None = None,
    ignore: Sequence[str] = (),
    baseline: Baseline | None = None,
) -> list[Known]:
    """What a baseline has to hold: all that is found now, and what this run did not reach."""
    told = Silencing(code, recording or Recording(), ignore, baseline)
    found = baselines.known(told.spoken(diagnosis.findings))
    names = {one.fingerprint for one in found}
    rest = [one for one in told.known.values() if one.fingerprint not in names]
    return [*found, *(one for one in rest if not told.reached_known(one))]


class Silencing:
    """What silences, and what of it did."""

    def __init__(
        self,
        code: Code,
        recording: Recording,
        ignore: Sequence[str],
        baseline: Baseline | None,
        decided: Collection[str] = (),
    ) -> None:
        self._roots = code.roots
        self._digests = recording.files
        self._reached = Reached(recording)
        self._decided = decided
        self._entries = entries.parse(ignore)
        self._baseline = baseline
        self.known = baseline.known if baseline else {}
        self._files = {
            (module.root, module.file): self._file(module.root, module.file)
            for module in code.matching(comments.MENTION)
        }
        self.counts: Counter[SilencedBy] = Counter()
        self._used: set[object] = set()
        self._validate()

    def _validate(self) -> None:
        rules = {rule.ID for rule in load_rules()}
        for entry in self._entries:
            if entry.rule not in rules and not (entry.rule == entries.ANY and entry.target):
                raise unknown_rule(entry.rule, entry.key, rules)
        for file in self._files.values():
            for comment in file.comments:
                for rule in [name for name in comment.rules if name not in rules]:
                    raise unknown_rule(rule, comment.where, rules)

    def spoken(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings that neither a comment nor the configuration silences."""
        return [f for f in findings if not (self._by_comment(f) or self._by_entry(f))]

    def unknown(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        """The findings that the baseline does not know, or that are notably worse than there."""
        for finding, name in zip(findings, fingerprints(findings), strict=True):
            known = self.known.get(name)
            if known is not None:
                self._used.add(known.fingerprint)
            grown = finding if known is None else baselines.worse(finding, known)
            if grown is not None:
                yield grown
            else:
                self.counts["baseline"] += 1

    def _by_comment(self, finding: Finding) -> bool:
        found = [
            comment
            for place in (finding.location, finding.created_at, finding.trigger)
            if place is not None and place.root in self._roots
            for comment in self._known_file(place.root, place.file).about(place, finding.rule)
        ]
        self._used.update((comment, finding.rule if comment.rules else "") for comment in found)
        self.counts["comment"] += bool(found)
        return bool(found)

    def _by_entry(self, finding: Finding) -> bool:
        found = [entry for entry in self._entries if entry.is_about(finding)]
        self._used.update(found)
        self.counts["configuration"] += bool(found)
        return bool(found)

    def _known_file(self, root: str, name: str) -> File:
        key = (root, name)
        if key not in self._files:
            self._files[key] = self._file(root, name)
        return self._files[key]

    def _file(self, root: str, name: str) -> File:
        return File(root, name, self._roots[root] / name, self._digests.get(f"{root}:{name}"))

    def stale(self) -> Iterator[StaleIgnore]:
        """What silenced nothing, though the recording reached the code that it is about, or though
        its rule needs none.
        """
        templates = [key for key in self._reached.functions if not key[1].endswith(".py")]
        for root, name in templates:
            if root in self._roots:
                self._known_file(root, name)
        yield from self._stale_comments()
        if not self._reached.is_known:
            return
        for entry in self._entries:
            if entry not in self._used and self._reached.target(entry):
                yield StaleIgnore(by="configuration", text=entry.text, where=entry.key)
        for known in self.known.values():
            if known.fingerprint not in self._used and self.reached_known(known):
                where = self._baseline.path.name if self._baseline else ""
                text = f"{known.rule} in {known.function or known.file}: {known.about}"
                yield StaleIgnore(by="baseline", text=text, where=where)

    def _stale_comments(self) -> Iterator[StaleIgnore]:
        for file in self._files.values():
            for comment in file.comments if not file.is_changed else ():
                is_reached = self._reached.function(file.root, file.name, file.function(comment))
                for rule in comment.rules or ("",):
                    is_told = is_reached or (rule in self._decided and file.is_inside(comment))
                    if is_told and (comment, rule) not in self._used:
                        yield _stale(comment, rule)

    def reached_known(self, known: Known) -> bool:
        """Whether the recording reached the function that an entry of the baseline is about."""
        return bool(known.file) and self._reached.function_anywhere(
            known.file, plain(known.function)
        )


def _stale(comment: Comment, rule: str) -> StaleIgnore:
    text = f"nuages: ignore[{rule}]" if rule else "nuages: ignore"
    return StaleIgnore(by="comment", text=text, where=comment.where)


def unknown_rule(rule: str, where: str, rules: Collection[str] = ()) -> NuagesError:
    """The error for a rule that does not exist."""
    names = sorted(rules or {rule.ID for rule in load_rules()})
    closest = difflib.get_close_matches(rule, names, n=1, cutoff=0.5)
    hint = f"did you mean {closest[0]}?" if closest else "nuages rules lists them"
    return NuagesError(f"{where}: there is no rule {rule!r}.", hint=hint, slug="unknown-rule")
