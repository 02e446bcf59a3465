"""Reviews as a comment on a pull request: the summary on top, the engine's own words folded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from operations.review import Acknowledgement, Finding, Review
from operations.verdict import Severity

# By which a comment is found again, to be updated and not repeated.
MARK = "<!-- ov preview -->"

# GitHub takes 65,536 characters; the rest is for what stands around.
MOST = 60_000

_ASKED = (
    "This needs somebody's word. If it is meant, write these lines into the description of the "
    "pull request, and run the check again:"
)

_SIGNS: Mapping[Severity, str] = {
    Severity.HARMLESS: "🟢",
    Severity.RESTARTS: "🔵",
    Severity.OUTAGE: "🟡",
    Severity.DATA: "🟠",
    Severity.FORBIDDEN: "🔴",
}


def page(reviews: Sequence[Review], failed: Mapping[str, str], diffs: Mapping[str, str]) -> str:
    """Return the comment for all stacks; *failed* says why one could not be planned."""
    stacks = sorted({*(each.stack for each in reviews), *failed}, reverse=True)
    known = {each.stack: each for each in reviews}
    parts = [MARK, "## What this change would do", ""]
    parts += [f"- **{stack}**: {_summary(stack, known, failed)}" for stack in stacks]
    room = MOST // max(len(stacks), 1)
    for stack in stacks:
        parts += ["", f"### {stack}", ""]
        if stack in failed:
            parts += [_fenced(failed[stack])]
            continue
        parts += _table(known[stack])
        if stack in diffs:
            parts += ["", *_folded(diffs[stack], room)]
    return "\n".join(parts) + "\n"


def _summary(stack: str, known: Mapping[str, Review], failed: Mapping[str, str]) -> str:
    if stack in failed:
        return "🔴 it cannot be planned"
    review = known[stack]
    sign = _SIGNS[review.worst] if review.findings else "⚪"
    refused = len(review.refused)
    note = f"; **{refused} to be acknowledged**" if refused else ""
    return f"{sign} {review.summary}{note}"


def _table(review: Review) -> list[str]:
    if not review.findings:
        return ["Nothing would change."]
    lines = ["| | what | class | what it means |", "|---|---|---|---|"]
    lines += [_row(finding) for finding in review.findings]
    if review.refused:
        lines += [
            "",
            _ASKED,
            "",
            _fenced(
                "\n".join(
                    str(Acknowledgement(stack=review.stack, title=each.verdict.change.title))
                    for each in review.refused
                )
            ),
        ]
    return lines


def _row(finding: Finding) -> str:
    verdict = finding.verdict
    word = verdict.word + (" (acknowledged)" if finding.acknowledged else "")
    cells = (
        _SIGNS[verdict.severity],
        f"{verdict.change.operation} `{verdict.change.title}`",
        f"**{word}**" if finding.refused else word,
        _cell(finding.explanation),
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return text that stays in its cell, and is text."""
    return re.sub(r"([|<>*_`\[\]\\])", r"\\\1", " ".join(text.split()))


def _folded(text: str, room: int) -> list[str]:
    shown = text if len(text) <= room else f"{text[:room]}\n… and more: see the log of the check"
    return ["<details><summary>The engine's whole diff</summary>", "", _fenced(shown), "</details>"]


def _fenced(text: str) -> str:
    """Return text in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"
