"""Where boxes go: in layers from top to bottom, with few arrows that cross, and none through a box.

Sugiyama's way, as small as pictures of a dozen boxes need it: ranks by the longest way, an arrow
that skips ranks passes them at a place of its own, neighbours pull each other into line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

GAP = 34.0
_ROUNDS = 12

# An arrow's two ends.
Pair = tuple[str, str]


@dataclass(slots=True)
class Place:
    """A box, or where an arrow passes a layer: its middle, and its size, in pixels."""

    name: str
    width: float
    height: float
    x: float = 0
    y: float = 0


@dataclass(slots=True)
class Plan:
    """Where everything is: places by name, and for each arrow those it passes, ends included."""

    places: dict[str, Place]
    layers: list[list[Place]]
    routes: dict[Pair, list[Place]] = field(default_factory=dict[Pair, list[Place]])


def plan(
    sizes: Mapping[str, tuple[float, float]],
    arrows: Sequence[Pair],
    *,
    last: Sequence[str] = (),
    between: float = 74,
) -> Plan:
    """Return the places of boxes of these widths and heights; those in *last* go below all."""
    ranks = ranked(list(sizes), arrows)
    for name in last:
        ranks[name] = max(ranks.values()) + 1
    places = {name: Place(name, *size) for name, size in sizes.items()}
    layers: list[list[Place]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name, rank in ranks.items():
        layers[rank].append(places[name])
    found = Plan(places=places, layers=layers)
    links: list[tuple[Place, Place]] = []
    for source, target in arrows:
        route = [places[source]]
        for rank in _passed(ranks[source], ranks[target]):
            bend = Place(f"{source} → {target} at {rank}", 12, 0)
            layers[rank].append(bend)
            route.append(bend)
        route.append(places[target])
        found.routes[source, target] = route
        links += pairwise(route)
    _order(layers, links)
    _settle(layers, links)
    _stack(layers, between)
    return found


def _passed(first: int, second: int) -> range:
    return range(first + 1, second) if first < second else range(first - 1, second, -1)


def ranked(names: Sequence[str], arrows: Sequence[Pair]) -> dict[str, int]:
    """Return each name's layer: below all that point to it, and right above what it points to.

    An arrow that closes a circle counts for nothing.
    """
    forward = _without_circles(names, arrows)
    ranks = dict.fromkeys(names, 0)
    for _ in names:
        for source, target in forward:
            ranks[target] = max(ranks[target], ranks[source] + 1)
    pointed_at = {target for _, target in forward}
    for name in names:
        below = [ranks[target] for source, target in forward if source == name]
        if name not in pointed_at and below:
            ranks[name] = min(below) - 1
    return ranks


def _without_circles(names: Sequence[str], arrows: Sequence[Pair]) -> list[Pair]:
    found: list[Pair] = []
    done = set[str]()

    def visit(name: str, above: tuple[str, ...]) -> None:
        done.add(name)
        for source, target in arrows:
            if source == name and target not in (*above, name):
                found.append((source, target))
                if target not in done:
                    visit(target, (*above, name))

    for name in names:
        if name not in done:
            visit(name, ())
    return found


def _order(layers: list[list[Place]], links: Sequence[tuple[Place, Place]]) -> None:
    """Put each layer in the order of what it is linked to, as long as fewer arrows cross."""
    best = [list(layer) for layer in layers]
    fewest = _crossings(best, links)
    for turn in range(_ROUNDS):
        for layer in layers if turn % 2 == 0 else layers[::-1]:
            at = {id(place): index for each in layers for index, place in enumerate(each)}
            layer.sort(key=partial(_pulled, links, at))
        if (count := _crossings(layers, links)) < fewest:
            fewest, best = count, [list(layer) for layer in layers]
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order


def _pulled(links: Sequence[tuple[Place, Place]], at: Mapping[int, int], place: Place) -> float:
    """Return where in its layer a place is drawn to; *at* is each one's position there."""
    return _middle(_linked(place, links), lambda other: at[id(other)])


def _linked(place: Place, links: Sequence[tuple[Place, Place]]) -> list[Place]:
    return [b if a is place else a for a, b in links if a is place or b is place]


def _middle(places: Sequence[Place], of: Callable[[Place], float]) -> float:
    return sum(map(of, places)) / len(places) if places else 0


def _crossings(layers: Sequence[Sequence[Place]], links: Sequence[tuple[Place, Place]]) -> int:
    at = {
        id(place): (rank, i) for rank, layer in enumerate(layers) for i, place in enumerate(layer)
    }
    pairs = [sorted((at[id(a)], at[id(b)])) for a, b in links]
    return sum(
        first[0][0] == second[0][0]
        and (first[0][1] - second[0][1]) * (first[1][1] - second[1][1]) < 0
        for index, first in enumerate(pairs)
        for second in pairs[index + 1 :]
    )


def _settle(layers: Sequence[Sequence[Place]], links: Sequence[tuple[Place, Place]]) -> None:
    """Move each place to the middle of what it is linked to, as far as its neighbours let it."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer))
    for turn in range(_ROUNDS):
        for layer in layers if turn % 2 == 0 else layers[::-1]:
            wanted = [_middle(_linked(at, links) or [at], lambda p: p.x) for at in layer]
            _spread(layer, wanted)


def _spread(layer: Sequence[Place], wanted: Sequence[float]) -> None:
    """Put the places of one layer where they are wanted, in their order and side by side.

    Of all ways to do so, the one that moves them least: those in each other's way become a group
    around the middle of what its members want.
    """
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    groups: list[list[float]] = []
    for target, offset in zip(wanted, offsets, strict=True):
        group = [target - offset]
        while groups and _mean(groups[-1]) >= _mean(group):
            group = groups.pop() + group
        groups.append(group)
    starts = [_mean(group) for group in groups for _ in group]
    for place, start, offset in zip(layer, starts, offsets, strict=False):
        place.x = start + offset


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _stack(layers: Sequence[Sequence[Place]], between: float) -> None:
    top = 0.0
    for layer in layers:
        height = max((place.height for place in layer), default=0)
        for place in layer:
            place.y = top + height / 2
        top += height + between
