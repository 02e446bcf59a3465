"""A plan as a reviewer reads it: each change judged, explained, and acknowledged or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from operations.cause import Causes
from operations.plan import Plan
from operations.rules import judge
from operations.verdict import Severity, Verdict

# How an acknowledgement is written among other text: in a pull request, in a commit.
_LINE = re.compile(r"^\W*acknowledged:\s*(\S+)\s+(\S+)\s+(\S+?)\W*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """Somebody's word that one change of one stack is meant."""

    stack: str
    title: str

    def __str__(self) -> str:
        return f"Acknowledged: {self.stack} {self.title}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One change with what it means and why it is planned."""

    verdict: Verdict
    cause: str
    acknowledged: bool

    @property
    def refused(self) -> bool:
        """Whether somebody has to acknowledge it first."""
        return self.verdict.severity.asks and not self.acknowledged

    @property
    def explanation(self) -> str:
        """What it means and why, as a person would say it."""
        return self.verdict.sentence + (f" Why: {self.cause}." if self.cause else "")

    def described(self) -> dict[str, Any]:
        """Return it for machines."""
        change = self.verdict.change
        return {
            "urn": change.urn,
            "resource": change.title,
            "operation": change.operation,
            "class": self.verdict.severity.name.lower(),
            "service": self.verdict.service,
            "explanation": self.verdict.sentence,
            "cause": self.cause,
            "acknowledged": self.acknowledged,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """All that an update of one stack would do, the gravest first."""

    stack: str
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> Sequence[Finding]:
        """What somebody has to acknowledge first."""
        return [each for each in self.findings if each.refused]

    @property
    def worst(self) -> Severity:
        """The gravest class among the changes."""
        return max((each.verdict.severity for each in self.findings), default=Severity.HARMLESS)

    @property
    def summary(self) -> str:
        """One line: how many changes, and what they come to."""
        count = len(self.findings)
        if not count:
            return "nothing would change"
        words = dict.fromkeys(each.verdict.word for each in self.findings if _counts(each))
        what = ", ".join(words) or "harmless"
        return f"{count} change{'s' if count > 1 else ''}: {what}"

    def described(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "stack": self.stack,
            "class": self.worst.name.lower() if self.findings else "none",
            "changes": [each.described() for each in self.findings],
            "refused": [each.verdict.change.title for each in self.refused],
        }


def review(plan: Plan, causes: Causes, known: Iterable[Acknowledgement]) -> Review:
    """Judge every change of *plan*, the gravest first."""
    meant = {each.title for each in known if each.stack == plan.stack}
    found = [
        Finding(
            verdict=judge(change),
            cause=causes.of(change),
            acknowledged=change.title in meant,
        )
        for change in plan.changes
    ]
    found.sort(key=lambda each: (-each.verdict.severity, each.verdict.change.title))
    return Review(stack=plan.stack, findings=tuple(found))


def acknowledgements(text: str) -> list[Acknowledgement]:
    """Return the acknowledgements in a text, a line each: Acknowledged: STACK KIND NAME."""
    return [
        Acknowledgement(stack=stack, title=f"{kind} {name}")
        for stack, kind, name in _LINE.findall(text)
    ]


def _counts(finding: Finding) -> bool:
    return finding.verdict.severity > Severity.HARMLESS
