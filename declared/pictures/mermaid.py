"""The same pictures as text of Mermaid, which GitHub draws."""

from __future__ import annotations

import re
from collections.abc import Mapping

from declared.pictures.graph import Box, Graph, Kind
from declared.pictures.request import Request

# How a box of each kind is written: what stands before its words, and what behind.
_SHAPES: Mapping[Kind, tuple[str, str]] = {
    Kind.PERSON: ("([", "])"),
    Kind.EDGE: ("[", "]"),
    Kind.SERVICE: ("[", "]"),
    Kind.JOB: ("[[", "]]"),
    Kind.VOLUME: ("[(", ")]"),
    Kind.OUTSIDE: ("([", "])"),
}


def flowchart(graph: Graph) -> str:
    """Return the architecture as a flowchart from top to bottom."""
    inside = [box for box in graph.boxes if box.kind.inside]
    outer = [box for box in graph.boxes if not box.kind.inside]
    lines = [
        "flowchart TD",
        f"    accTitle: {graph.title}",
        f"    accDescr: {graph.description.replace(';', ',')}",
    ]
    lines += [f"    {_box(box)}" for box in outer]
    lines += [f'    subgraph namespace ["{graph.frame}"]']
    lines += [f"        {_box(box)}" for box in inside]
    lines += ["    end"]
    for arrow in graph.arrows:
        line = "-.->" if arrow.target.startswith("volume ") else "-->"
        lines.append(f'    {_id(arrow.source)} {line}|"{arrow.label}"| {_id(arrow.target)}')
    return "\n".join(lines) + "\n"


def diagram(request: Request) -> str:
    """Return the way of a request as a sequence diagram."""
    lines = ["sequenceDiagram", f"    accTitle: {request.title}"]
    lines += [f"    participant {_id(name)} as {name}<br/>{role}" for name, role in request.actors]
    first, last = _id(request.actors[0][0]), _id(request.actors[-1][0])
    for scene in request.scenes:
        lines.append(f"    note over {first},{last}: {scene.title}")
        lines += [
            f"    {_id(at.source)}{'-->>' if at.answer else '->>'}{_id(at.target)}: {at.text}"
            for at in scene.messages
        ]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    before, after = _SHAPES[box.kind]
    return f'{_id(box.name)}{before}"{"<br/>".join([box.title, *box.lines])}"{after}'


def _id(name: str) -> str:
    """Return a name as Mermaid takes it; some words mean something to it, so all are marked."""
    return f"x_{re.sub(r'[^A-Za-z0-9]', '_', name)}"
