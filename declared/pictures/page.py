"""A drawing as SVG: shapes, text of known width, and colours for a light and a dark screen."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

# Ink and grounds of both screens. Whatever is written is read on any of the grounds.
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "frame": "#f3f6fa",
    "ground": "#ffffff",
    "ink": "#17212b",
    "quiet": "#475569",
    "line": "#64748b",
    "service": "#2563eb",
    "job": "#7c3aed",
    "volume": "#0f766e",
    "far": "#64748b",
    "ready": "#15803d",
    "starting": "#a16207",
    "failing": "#b91c1c",
    "stopped": "#475569",
}
DARK: Mapping[str, str] = {
    "paper": "#0d1117",
    "frame": "#151b23",
    "ground": "#1c2430",
    "ink": "#e6edf3",
    "quiet": "#a9b6c4",
    "line": "#8b98a8",
    "service": "#60a5fa",
    "job": "#c4b5fd",
    "volume": "#5eead4",
    "far": "#8b98a8",
    "ready": "#4ade80",
    "starting": "#facc15",
    "failing": "#fca5a5",
    "stopped": "#a9b6c4",
}
GROUNDS = ("paper", "frame", "ground")

_FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Roboto, Arial, sans-serif'
_SHAPES = """\
text { font: 13px %(font)s; }
.title { font-weight: 600; font-size: 17px; }
.name { font-weight: 600; font-size: 14px; }
.small { font-size: 12px; }
.box { stroke-width: 1.5; }
.arrow { fill: none; stroke-width: 1.5; }
.mount, .reply { stroke-dasharray: 5 4; }
.label { font-size: 12px; paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }
"""

# How wide letters are in the widest of those fonts, to a letter's height.
_NARROW = frozenset("iljtfrI.,:;'|!()[]·- ")
_WIDE = frozenset("mwMWQOG@%…→")
_BOLD = 1.12


def width(text: str, size: float = 13, *, bold: bool = False) -> float:
    """Return how many pixels a text takes at most, in the fonts of these pictures."""
    letters = sum(0.42 if c in _NARROW else 1.0 if c in _WIDE else 0.66 for c in text)
    return letters * size * (_BOLD if bold else 1)


class Page:
    """One drawing of a size in pixels, with the same in words for whoever does not see it."""

    def __init__(self, name: str, title: str, description: str, size: tuple[float, float]) -> None:
        wide, high = map(number, size)
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {wide} {high}",
                "width": wide,
                "height": high,
                "role": "img",
                "aria-labelledby": f"{name}-title {name}-description",
            },
        )
        words(self.root, "title", title).set("id", f"{name}-title")
        words(self.root, "desc", description).set("id", f"{name}-description")
        words(self.root, "style", _style())
        shape(self.root, "rect", "paper", width="100%", height="100%", rx=10)
        self._heads()

    def _heads(self) -> None:
        marker = ET.SubElement(
            ET.SubElement(self.root, "defs"),
            "marker",
            {
                "id": "head",
                "viewBox": "0 0 10 10",
                "refX": "9",
                "refY": "5",
                "markerWidth": "7",
                "markerHeight": "7",
                "orient": "auto",
            },
        )
        shape(marker, "path", "head", d="M0 0 L10 5 L0 10 z")

    def text(self) -> str:
        """Return the file."""
        ET.indent(self.root, " ")
        return ET.tostring(self.root, encoding="unicode") + "\n"


def group(parent: ET.Element, classes: str, hint: str = "", **data: str) -> ET.Element:
    """Return a new group; *hint* is shown to who points at it, *data* is for programs."""
    made = ET.SubElement(
        parent, "g", {"class": classes, **{f"data-{key}": at for key, at in data.items()}}
    )
    if hint:
        words(made, "title", hint)
    return made


def shape(parent: ET.Element, tag: str, kind: str, **attributes: str | float) -> ET.Element:
    """Return a new shape; numbers are pixels."""
    given = {
        key.replace("_", "-"): at if isinstance(at, str) else number(at)
        for key, at in attributes.items()
    }
    return ET.SubElement(parent, tag, {"class": kind, **given})


def write(
    parent: ET.Element, kind: str, text: str, at: tuple[float, float], *, middle: bool = True
) -> ET.Element:
    """Return a new text around, or from, a point of its base line."""
    anchor = {"text_anchor": "middle"} if middle else {}
    made = shape(parent, "text", kind, x=at[0], y=at[1], **anchor)
    made.text = text
    return made


def words(parent: ET.Element, tag: str, text: str) -> ET.Element:
    """Return a new element that has nothing but text in it."""
    made = ET.SubElement(parent, tag)
    made.text = text
    return made


def number(value: float) -> str:
    """Return a number as short as it can be said in tenths of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _style() -> str:
    dark = "\n".join(f"  {line}" for line in _colours(DARK).splitlines())
    light = _colours(LIGHT)
    shapes = _SHAPES % {"font": _FONT}
    return f"\n{shapes}{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _colours(of: Mapping[str, str]) -> str:
    rules = [
        f".paper {{ fill: {of['paper']}; }}",
        f".frame {{ fill: {of['frame']}; stroke: {of['line']}; }}",
        f"text {{ fill: {of['ink']}; }}",
        f".quiet {{ fill: {of['quiet']}; }}",
        f".label {{ fill: {of['quiet']}; stroke: {of['frame']}; }}",
        f".over {{ stroke: {of['paper']}; }}",
        f".arrow {{ stroke: {of['line']}; }}",
        f".head {{ fill: {of['line']}; }}",
        f".box {{ fill: {of['ground']}; stroke: {of['far']}; }}",
    ]
    rules += [f".{kind} .box {{ stroke: {of[kind]}; }}" for kind in ("service", "job", "volume")]
    for state in ("ready", "starting", "failing", "stopped"):
        rules += [
            f".{state} .box {{ stroke: {of[state]}; }}",
            f".{state} .dot, .{state} .state {{ fill: {of[state]}; }}",
        ]
    return "\n".join(rules)
