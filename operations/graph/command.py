"""`ov graph`: the deployed stack as a picture."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.reference import Reference
from declared.pictures.architecture import Words, architecture, role, unguarded
from declared.pictures.drawing import drawn
from declared.pictures.graph import Box, Graph, Kind, State
from declared.pictures.objects import Maker
from operations.graph.deployed import Deployed, Object, deployed
from operations.graph.health import claim_health, containers, health
from operations.listing import Row, rows
from operations.project import CHECKOUT, DEMO, Folder, Project
from operations.writing import write

_STYLES: Mapping[State, str] = {
    State.READY: "green",
    State.STARTING: "yellow",
    State.FAILING: "bold red",
    State.STOPPED: "dim",
}


def command(
    *,
    stack: Annotated[str, typer.Argument(metavar="STACK", help="Whose picture.")] = DEMO,
    named: Annotated[
        str, typer.Option("--stack", "-s", help="The same, as other verbs have it.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to; STACK.svg unless said.",
            show_default=False,
        ),
    ] = None,
    folder: Folder = CHECKOUT,
) -> None:
    """Draw the deployed stack: services, versions, health, and who may ask whom, as SVG."""
    stack = named or stack
    project = Project(folder)
    context = str(project.choice(project.stack(stack), "kubeContext") or "")
    found = deployed(context, stack)
    graph = graph_of(found, {row.service: row for row in rows(project, [stack])}, context)
    path = output or Path(f"{stack}.svg")
    write(path, drawn(stack, graph))
    _show(graph, path)


def graph_of(found: Deployed, settings: Mapping[str, Row], context: str) -> Graph:
    """Return the picture of what is deployed; *settings* know the versions of built images."""
    hosts = found.site.hosts
    words = Words(
        title=f"{found.site.name}, as deployed",
        frame=f"namespace {found.site.name} at {context}",
        edge=hosts,
    )
    open_to_all = unguarded(found.site)

    def service(maker: Maker) -> Box:
        return _service(
            maker, found, settings.get(maker.name), guarded=maker.name not in open_to_all
        )

    return architecture(found.site, words, service, _volume)


def _service(maker: Maker, found: Deployed, row: Row | None, *, guarded: bool) -> Box:
    pods = found.pods(maker)
    state, said = health(maker, pods)
    images = _images(maker, pods)
    lines = [role(maker), *(_image(each, row) for each in images)]
    if not guarded:
        lines.append("open: no policy guards it")
    return Box(
        name=maker.name,
        kind=Kind.JOB if maker.kind in {"Job", "CronJob"} else Kind.SERVICE,
        title=maker.name,
        lines=lines,
        state=state,
        said=said,
        hint="\n".join([f"{maker.kind} {maker.object['metadata']['name']}", *images]),
    )


def _images(maker: Maker, pods: Sequence[Object]) -> list[str]:
    """Return the images that run, as their references say them; without pods, the one that would.

    More than one is there while an update replaces pods.
    """
    meant = str(maker.containers[0]["image"])
    running = [_running(pod) for pod in pods]
    return list(dict.fromkeys(each for each in running if each)) or [meant]


def _running(pod: Object) -> str:
    """Return the image of a pod's first container, by the digest that its node runs."""
    container = pod["spec"]["containers"][0]
    said = str(container["image"])
    for status in containers(pod):
        _, mark, digest = str(status.get("imageID", "")).rpartition("@")
        if status["name"] == container["name"] and mark:
            return f"{said.partition('@')[0]}@{digest}"
    return said


def _image(image: str, row: Row | None) -> str:
    """Return the version and the short digest of an image: v0.2.1 · 3c8648d1f115."""
    reference = Reference.parse(image)
    if reference is None:
        return image.rpartition("/")[2]
    tag = reference.tag
    known = row.reference if row else None
    if not tag and row and row.built and known and known.repository == reference.repository:
        tag = f"{known.tag}, built here"
    short = (reference.digest or "").removeprefix("sha256:")[:12]
    return " · ".join(filter(None, [tag, short]))


def _volume(claim: Object) -> Box:
    name = claim["metadata"]["name"]
    state, said = claim_health(claim)
    held = claim.get("status", {}).get("capacity") or claim["spec"]["resources"]["requests"]
    return Box(
        name=f"volume {name}",
        kind=Kind.VOLUME,
        title=name,
        lines=[f"volume, {held['storage']}"],
        state=state,
        said=said,
        hint=str(claim["spec"].get("volumeName", "")),
    )


def _show(graph: Graph, path: Path) -> None:
    # Nobody wraps what a program or a log reads.
    console = Console(width=None if sys.stdout.isatty() else 240)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for box in graph.boxes:
        if box.state is not State.NONE:
            table.add_row(box.title, Text(box.said, style=_STYLES[box.state]), *box.lines[1:2])
    console.print(table)
    console.print(f"written: {path}", highlight=False)
