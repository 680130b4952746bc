"""What each rule looks for, in the sentence that its module begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from nuages.model import Finding
from nuages.report.links import anchor
from nuages.rules import load_rules


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleWords:
    """A rule as the report names it."""

    rule: str
    id: str  # of its entry
    summary: str  # "" for a rule that is not nuages' own
    findings: int

    @property
    def page(self) -> str:
        """Its page in the documentation."""
        return f"docs/rules/{self.rule}.md" if self.summary else ""


def rule_words(findings: Iterable[Finding]) -> dict[str, RuleWords]:
    """Rule → its words, of the rules that found something."""
    found = Counter(finding.rule for finding in findings)
    sentences = {rule.ID: _first_line(rule.__doc__) for rule in load_rules()} if found else {}
    return {
        rule: RuleWords(
            rule=rule, id=anchor("rule", rule), summary=sentences.get(rule, ""), findings=number
        )
        for rule, number in sorted(found.items())
    }


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
