"""`ov preview`: what an update would do, in words, before it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations import plan
from operations.cause import causes
from operations.drift import by_hand
from operations.errors import Exit, Refused
from operations.page import page
from operations.project import CHECKOUT, DEMO, Folder, Project
from operations.review import Acknowledgement, Review, acknowledgements, review
from operations.verdict import Severity
from operations.writing import write

_COLOURS = {
    Severity.HARMLESS: "green",
    Severity.RESTARTS: "cyan",
    Severity.OUTAGE: "yellow",
    Severity.DATA: "magenta",
    Severity.FORBIDDEN: "red",
}


def command(  # noqa: PLR0913, each option of a command is an argument
    *,
    stacks: Annotated[
        list[str] | None, typer.Option("--stack", "-s", help="Which; all, unless told.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="See first what was changed by hand.")
    ] = False,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option("--acknowledge", metavar="'KIND NAME'", help="This change is meant."),
    ] = None,
    acknowledged_in: Annotated[
        Path | None,
        typer.Option(
            "--acknowledged-in",
            metavar="FILE",
            help="A text with lines Acknowledged: STACK KIND NAME.",
        ),
    ] = None,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Any change is one too many.")
    ] = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write a comment, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    folder: Folder = CHECKOUT,
) -> None:
    """Say what an update of each stack would do, and refuse what loses data unless it is meant.

    Exit codes: 0 nothing stands in the way; 9 something has to be acknowledged; 10 an update
    cannot be planned; 12 something would change and --expect-no-changes was given.
    """
    project = Project(folder)
    chosen = list(dict.fromkeys(stacks or project.stacks))
    for stack in chosen or [DEMO]:
        project.stack(stack)
    if markdown:
        # Nobody waits for plans that could not be told.
        write(markdown, "")
    meant = _meant(chosen, acknowledge or [], acknowledged_in)
    reviews: list[Review] = []
    failed: dict[str, Refused] = {}
    for stack in chosen:
        try:
            found = plan.preview(stack, refresh=refresh)
        except Refused as refused:
            failed[stack] = refused
        else:
            known = causes(found, CHECKOUT)
            if refresh:
                known = replace(known, by_hand=by_hand(found))
            reviews.append(review(found, known, meant))
    if markdown:
        words = {stack: f"{refused.what}:\n{refused.why}" for stack, refused in failed.items()}
        diffs = {each.stack: _diff(each, refresh=refresh) for each in reviews if each.findings}
        write(markdown, page(reviews, words, diffs))
    if as_json:
        problems = {stack: refused.why for stack, refused in failed.items()}
        described = [each.described() for each in reviews]
        print(json.dumps({"stacks": described, "failed": problems}, indent=2))
    else:
        _show(reviews)
    _conclude(reviews, failed, expect_no_changes=expect_no_changes)


def _meant(
    stacks: Sequence[str], titles: Sequence[str], file: Path | None
) -> list[Acknowledgement]:
    found = [Acknowledgement(stack=stack, title=title) for stack in stacks for title in titles]
    if file is None:
        return found
    try:
        return [*found, *acknowledgements(file.read_text(encoding="utf-8"))]
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            Exit.USAGE,
            f"The acknowledgements in {file} cannot be read",
            str(error),
            "Name a text file with a line for each: Acknowledged: ov-demo Deployment ov-wag",
        ) from None


def _diff(each: Review, *, refresh: bool) -> str:
    more = ["--refresh"] if refresh else []
    force = plan.FORCE if refresh else None
    return plan.pulumi(each.stack, "preview", "--diff", *more, environment=force).stdout


def _show(reviews: Sequence[Review]) -> None:
    # Nobody wraps what a program or a log reads.
    console = Console(width=None if sys.stdout.isatty() else 240)
    for each in reviews:
        console.print(Text(f"{each.stack}: {each.summary}", style="bold"))
        if not each.findings:
            continue
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for column in ("CLASS", "CHANGE", "WHAT IT MEANS"):
            table.add_column(column, overflow="fold")
        for finding in each.findings:
            verdict = finding.verdict
            table.add_row(
                Text(verdict.word, style=_COLOURS[verdict.severity]),
                Text(f"{verdict.change.operation} {verdict.change.title}"),
                Text(finding.explanation),
            )
        console.print(table)


def _conclude(
    reviews: Sequence[Review], failed: dict[str, Refused], *, expect_no_changes: bool
) -> None:
    if failed:
        stack, first = next(iter(failed.items()))
        others = [each for each in failed if each != stack]
        for other in others:
            print(f"{failed[other].what}:\n  {failed[other].why}.", file=sys.stderr)
        raise first
    refused = [(each.stack, finding) for each in reviews for finding in each.refused]
    if refused:
        flags = " ".join(f"--acknowledge '{found.verdict.change.title}'" for _, found in refused)
        stack = refused[0][0] if refused else DEMO
        raise Refused(
            Exit.UNACKNOWLEDGED,
            "Some of this needs somebody's word first",
            "\n  ".join(f"{stack}: {found.verdict.sentence}" for stack, found in refused),
            f"If it is meant: ./ov preview --stack {stack} {flags}",
        )
    changed = [each for each in reviews if each.findings]
    if expect_no_changes and changed:
        raise Refused(
            Exit.CHANGES,
            "Nothing should change, and something would",
            "; ".join(f"{each.stack}: {each.summary}" for each in changed),
            f"Look: pulumi preview --refresh --diff -s {changed[0].stack}",
        )
