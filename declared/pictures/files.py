"""The pictures' files: what each has to say, from the objects of both generations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from declared.pictures.architecture import Words, architecture
from declared.pictures.drawing import drawn
from declared.pictures.graph import Graph
from declared.pictures.mermaid import diagram, flowchart
from declared.pictures.objects import Namespace
from declared.pictures.policies import Object
from declared.pictures.request import Request, request
from declared.pictures.sequence import sequence

README = "README.md"

# What a file of each generation's has at the end of its name, and who is drawn in it.
_GENERATIONS: Mapping[str, str] = {"0.x": "", "1.x": "-1.x"}
_FRAME = "namespace of the stack: openvault or ov-demo"


def files(objects: Mapping[str, Sequence[Object]], readme: str) -> dict[str, str]:
    """Return what each file has to say, by its path in the repository.

    *objects* are those that each generation's stack declares, and *readme* is the README as it is.
    """
    sites = {each: Namespace(name="", objects=objects[each]) for each in _GENERATIONS}
    made: dict[str, str] = {}
    for generation, end in _GENERATIONS.items():
        graph, way = _graph(sites[generation], generation), _way(sites[generation], generation)
        made[f"docs/pictures/architecture{end}.svg"] = drawn(f"architecture{end}", graph)
        made[f"docs/pictures/request{end}.svg"] = sequence(f"request{end}", way)
    texts = {
        "architecture": flowchart(_graph(sites["0.x"], "0.x")),
        "request": diagram(_way(sites["0.x"], "0.x")),
    }
    for name, text in texts.items():
        readme = replaced(readme, name, f"```mermaid\n{text}```\n")
    return {**made, README: readme}


def replaced(text: str, name: str, block: str) -> str:
    """Return a page with *block* between its two marks for the picture called *name*."""
    begin, end = f"<!-- make pictures: {name} -->\n", "<!-- end -->"
    before, mark, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not mark or not closed:
        raise LookupError(f"the page has no place for {name}: {begin.strip()} … {end.strip()}")
    return f"{before}{begin}{block}{end}{after}"


def _graph(site: Namespace, generation: str) -> Graph:
    words = Words(
        title=f"Who is there, and who may ask whom: generation {generation}",
        frame=_FRAME,
        edge=["Ingress, TLS"],
    )
    return architecture(site, words)


def _way(site: Namespace, generation: str) -> Request:
    return request(site, f"The way of a request: generation {generation}")
