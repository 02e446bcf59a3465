"""A graph as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from declared.pictures.graph import Arrow, Box, Graph, Kind, State
from declared.pictures.layout import Pair, Place, Plan, plan
from declared.pictures.page import Page, group, number, shape, width, write

_LINE = 18
_MARGIN = 24
_HEAD = 44
# Room beside the text of a box, and between two ends of arrows at one side of it.
_INSET = 16
_APART = 40
_BESIDE = 12

# How boxes of a kind are rounded: services little, people and what is outside wholly.
_ROUND: Mapping[Kind, float] = {
    Kind.PERSON: 24,
    Kind.EDGE: 6,
    Kind.SERVICE: 6,
    Kind.JOB: 6,
    Kind.VOLUME: 14,
    Kind.OUTSIDE: 24,
}


def drawn(name: str, graph: Graph) -> str:
    """Return *graph* as the text of an SVG file; *name* tells its parts from other pictures'."""
    arrows = [(each.source, each.target) for each in graph.arrows]
    apart = {box.name: _apart(box, graph.arrows) for box in graph.boxes}
    sizes = {box.name: _size(box, arrows, apart[box.name]) for box in graph.boxes}
    last = [box.name for box in graph.boxes if box.kind is Kind.OUTSIDE]
    found = plan(sizes, arrows, last=last)
    left, top, wide, high = _bounds(found)
    for place in {id(each): each for layer in found.layers for each in layer}.values():
        place.x += _MARGIN * 2 - left
        place.y += _HEAD + _MARGIN - top
    drawing = Page(
        name,
        graph.title,
        graph.description,
        (
            max(wide + 4 * _MARGIN, width(graph.title, 17, bold=True) + 48),
            _HEAD + high + 3 * _MARGIN,
        ),
    )
    write(drawing.root, "title", graph.title, (_MARGIN, 32), middle=False)
    _frame(drawing.root, graph, found)
    ends = _ends(found, apart)
    for arrow in graph.arrows:
        _arrow(drawing.root, arrow, found.routes[arrow.source, arrow.target], ends, found)
    for box in graph.boxes:
        _box(drawing.root, box, found.places[box.name])
    return drawing.text()


def _apart(box: Box, arrows: Sequence[Arrow]) -> float:
    """Return how far apart arrows end at a box, for the words beside each."""
    labels = [width(arrow.label, 12) + _BESIDE for arrow in arrows if arrow.target == box.name]
    return max(_APART, *labels) if labels else _APART


def _size(box: Box, arrows: Sequence[Pair], apart: float) -> tuple[float, float]:
    """Return how wide and high a box has to be, for its text and for the arrows at it."""
    texts = [width(box.title, 14, bold=True), *(width(each, 12) for each in box.lines)]
    if box.said:
        texts.append(width(box.said, 12, bold=True) + 16)
    sides = ([source for source, _ in arrows], [target for _, target in arrows])
    ends = max(side.count(box.name) for side in sides)
    lines = 1 + len(box.lines) + bool(box.said)
    return max(*texts, 90, ends * apart) + 2 * _INSET, lines * _LINE + 18


def _bounds(found: Plan) -> tuple[float, float, float, float]:
    places = [place for layer in found.layers for place in layer]
    left = min(place.x - place.width / 2 for place in places)
    right = max(place.x + place.width / 2 for place in places)
    top = min(place.y - place.height / 2 for place in places)
    bottom = max(place.y + place.height / 2 for place in places)
    return left, top, right - left, bottom - top


def _frame(root: ET.Element, graph: Graph, found: Plan) -> None:
    """Draw the line around what is in the namespace."""
    names = {box.name for box in graph.boxes if box.kind.inside}
    outer = {box.name for box in graph.boxes} - names
    # Whatever passes between the boxes of the namespace is in it too.
    inner = [
        place
        for layer in found.layers
        if names & {each.name for each in layer}
        for place in layer
        if place.name not in outer
    ]
    if not inner:
        return
    left = min(place.x - place.width / 2 for place in inner) - _MARGIN
    right = max(place.x + place.width / 2 for place in inner) + _MARGIN
    top = min(place.y - place.height / 2 for place in inner if place.height) - 30
    bottom = max(place.y + place.height / 2 for place in inner) + _MARGIN
    wide = width(graph.frame, 12) + 24
    right = max(right, left + wide)
    coming = [ends[-1].x for ends in found.routes.values() if ends[0].name in outer]
    start = left if all(x > left + wide for x in coming) else right - wide
    shape(root, "rect", "frame", x=left, y=top, width=right - left, height=bottom - top, rx=12)
    write(root, "small quiet", graph.frame, (start + 12, top + 19), middle=False)


def _ends(found: Plan, apart: Mapping[str, float]) -> Mapping[tuple[str, Pair], float]:
    """Return where on its side of a box each arrow ends, so that none ends on another."""
    ends: dict[tuple[str, Pair], float] = {}
    for place in found.places.values():
        leaving = [(pair, route[1]) for pair, route in found.routes.items() if route[0] is place]
        coming = [(pair, route[-2]) for pair, route in found.routes.items() if route[-1] is place]
        for side in (leaving, coming):
            ordered = sorted(side, key=lambda each: each[1].x)
            for index, (pair, _) in enumerate(ordered):
                shift = (index - (len(ordered) - 1) / 2) * apart[place.name]
                ends[place.name, pair] = place.x + shift
    return ends


def _arrow(
    root: ET.Element,
    arrow: Arrow,
    route: Sequence[Place],
    ends: Mapping[tuple[str, Pair], float],
    found: Plan,
) -> None:
    """Draw an arrow from layer to layer, straight past the boxes of each that it passes."""
    pair = (arrow.source, arrow.target)
    down = route[0].y <= route[-1].y
    rooms = {
        id(at): max(each.height for each in layer) / 2 for layer in found.layers for at in layer
    }
    x, y = ends[arrow.source, pair], route[0].y + (1 if down else -1) * route[0].height / 2
    steps = [f"M{number(x)} {number(y)}"]
    for place in route[1:]:
        final = place is route[-1]
        room = place.height / 2 if final else rooms[id(place)]
        to_x = ends[arrow.target, pair] if final else place.x
        to_y = place.y - (1 if down else -1) * room
        bend = (y + to_y) / 2
        points = (x, bend, to_x, bend, to_x, to_y)
        steps.append(f"C{' '.join(map(number, points))}")
        x, y = to_x, to_y
        if not final:
            y = place.y + (1 if down else -1) * room
            steps.append(f"L{number(x)} {number(y)}")
    kind = "mount" if arrow.target.startswith("volume ") else "ask"
    made = group(root, kind, source=arrow.source, target=arrow.target, label=arrow.label)
    shape(made, "path", f"arrow {kind}", d=" ".join(steps), marker_end="url(#head)")
    write(made, "label", arrow.label, (x, y - (20 if down else -30)))


def _box(root: ET.Element, box: Box, place: Place) -> None:
    left, top = place.x - place.width / 2, place.y - place.height / 2
    kinds = f"{box.kind} {box.state}".strip()
    made = group(root, kinds, box.hint, box=box.title, kind=box.kind, state=box.state)
    size = {"width": place.width, "height": place.height}
    shape(made, "rect", "box", x=left, y=top, rx=_ROUND[box.kind], **size)
    line = top + 24
    write(made, "name", box.title, (place.x, line))
    for text in box.lines:
        line += _LINE
        write(made, "small quiet", text, (place.x, line))
    if box.state is not State.NONE:
        line += _LINE
        half = width(box.said, 12, bold=True) / 2
        shape(made, "circle", "dot", cx=place.x - half, cy=line - 4, r=4)
        write(made, "small state", box.said, (place.x + 8, line))
