"""`ov doctor`: what keeps a stack from being looked after."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations import plan
from operations.doctor import backend, cluster, rancher, tools
from operations.doctor.finding import Finding, Patient
from operations.errors import Exit, Refused
from operations.listing import asked, rows
from operations.project import CHECKOUT, DEMO, Folder, Project
from operations.registry import Access


def command(
    *,
    stack: Annotated[str, typer.Option("--stack", "-s", help="Which stack.")] = DEMO,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no registry, and plan nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    folder: Folder = CHECKOUT,
) -> None:
    """Look at everything that looking after a stack needs, and say what to type.

    It changes nothing. Exit code 13: something was found.
    """
    project = Project(folder)
    project.stack(stack)
    patient = Patient(stack=stack, folder=folder, settings=project.choices(stack))
    findings = list(_examined(project, patient, offline=offline))
    if as_json:
        described = [
            {"name": each.name, "well": each.well, "said": each.said, "do": list(each.do)}
            for each in findings
        ]
        print(json.dumps({"stack": stack, "findings": described}, indent=2))
    else:
        _show(findings)
    sick = [each for each in findings if not each.well]
    if sick:
        raise Refused(
            Exit.SICK,
            f"{len(sick)} of {len(findings)} are not as {stack} needs them",
            ", ".join(each.name for each in sick),
            f"Type what stands beside the first, then again: ./ov doctor --stack {stack}",
        )


def _examined(project: Project, patient: Patient, *, offline: bool) -> Iterator[Finding]:
    """Yield everything that is looked at; what depends on something broken is left out."""
    found = [*tools.examine(patient)]
    yield from found
    state = [*backend.examine(patient)]
    yield from state
    there = [*cluster.examine(patient)]
    yield from there
    yield cluster.clock(patient.text("siteUrl"))
    # Its token is a secret of the stack's; who holds the stack meanwhile is no matter.
    if any(each.name == "secrets" and each.well for each in state):
        yield from rancher.examine(patient)
    if offline:
        return
    yield from _registries(project, patient)
    if all(each.well for each in [*state, *there[:2]]):
        yield _plan(patient)


def _registries(project: Project, patient: Patient) -> Iterator[Finding]:
    """Yield whether each image's registry still has it."""
    for row in asked(Access(), rows(project, [patient.stack])):
        if not row.running or row.unpushed:
            continue
        name = f"image of {row.service}"
        if row.refused is None:
            yield Finding(name=name, said=row.setting)
        else:
            said = f"{row.refused.what}: {row.refused.why}"
            yield Finding(name=name, said=said, do=(row.refused.do,))


def _plan(patient: Patient) -> Finding:
    """Return whether the settings make sense to the program, and the cluster to the engine."""
    name = "settings"
    try:
        found = plan.preview(patient.stack)
    except Refused as refused:
        return Finding(name=name, said=refused.why, do=(f"pulumi preview -s {patient.stack}",))
    count = len(found.changes)
    return Finding(name=name, said=f"an update can be planned: {count or 'no'} changes")


def _show(findings: list[Finding]) -> None:
    # Nobody wraps what a program or a log reads.
    console = Console(width=None if sys.stdout.isatty() else 240)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for each in findings:
        mark = Text("well", style="green") if each.well else Text("FOUND", style="bold red")
        advice = "".join(f"\n  Type: {line}" for line in each.do)
        table.add_row(mark, each.name, Text(f"{each.said}{advice}"))
    console.print(table)
