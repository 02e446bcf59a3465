"""The way of a request as SVG: everybody side by side, and what they say from top to bottom."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from declared.pictures.page import Page, group, shape, width, write
from declared.pictures.request import Message, Request

_MARGIN = 24
_HEAD = 52
_ACTOR = 46
_ROW = 34
_TITLE = 40

# How those look who are no service.
_LOOKS = {"outside": "outside", "volumes": "volume"}


def sequence(name: str, request: Request) -> str:
    """Return *request* as the text of an SVG file; *name* tells its parts from other pictures'."""
    middles = _middles(request)
    rows = sum(_TITLE + _ROW * len(scene.messages) for scene in request.scenes)
    last = request.actors[-1]
    size = (middles[last[0]] + _half(*last) + _MARGIN, _HEAD + _ACTOR + rows + _MARGIN * 2)
    drawing = Page(name, request.title, request.description, size)
    write(drawing.root, "title", request.title, (_MARGIN, 32), middle=False)
    bottom = size[1] - _MARGIN
    for actor, role in request.actors:
        x = middles[actor]
        shape(drawing.root, "line", "arrow reply", x1=x, x2=x, y1=_HEAD + _ACTOR, y2=bottom)
        _actor(drawing.root, actor, role, x)
    y = float(_HEAD + _ACTOR)
    for scene in request.scenes:
        y += _TITLE
        _scene(drawing.root, scene.title, y, size[0])
        for message in scene.messages:
            y += _ROW
            _message(drawing.root, message, middles, y)
    return drawing.text()


def _half(name: str, role: str) -> float:
    return max(width(name, 14, bold=True), width(role, 12), 70) / 2 + 12


def _middles(request: Request) -> dict[str, float]:
    """Return where each actor stands: far enough apart for the words between neighbours."""
    names = [name for name, _ in request.actors]
    at = [_MARGIN + _half(*request.actors[0])]
    for index in range(1, len(names)):
        boxes = _half(*request.actors[index - 1]) + _half(*request.actors[index]) + 14
        at.append(at[-1] + boxes)
        for scene in request.scenes:
            for said in scene.messages:
                ends = sorted((names.index(said.source), names.index(said.target)))
                if ends[1] == index:
                    at[index] = max(at[index], at[ends[0]] + width(said.text, 12) + 26)
    return dict(zip(names, at, strict=True))


def _actor(root: ET.Element, name: str, role: str, x: float) -> None:
    half = _half(name, role)
    made = group(root, _LOOKS.get(role, "service"), box=name)
    shape(made, "rect", "box", x=x - half, y=_HEAD, width=2 * half, height=_ACTOR, rx=6)
    write(made, "name", name, (x, _HEAD + 20))
    write(made, "small quiet", role, (x, _HEAD + 37))


def _scene(root: ET.Element, title: str, y: float, wide: float) -> None:
    shape(root, "rect", "frame", x=_MARGIN / 2, y=y - 16, width=wide - _MARGIN, height=24, rx=6)
    write(root, "small", title, (_MARGIN, y), middle=False)


def _message(root: ET.Element, said: Message, middles: dict[str, float], y: float) -> None:
    first, second = middles[said.source], middles[said.target]
    made = group(root, "reply" if said.answer else "ask", source=said.source, target=said.target)
    kind = "arrow reply" if said.answer else "arrow"
    shape(made, "line", kind, x1=first, x2=second, y1=y, y2=y, marker_end="url(#head)")
    write(made, "label over", said.text, ((first + second) / 2, y - 6))
