"""What an update would make of a resource, and what differs from what there is."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.plugins.rancher2.shape import Block, Shape, text
from sandbox.plugins.values import UNKNOWN, Change, table

# Rancher's own labels and annotations: the program neither removes nor misses them.
PROTECTED = ("cattle.io/", "rancher.io/")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs, and whether another thing has to be made for it."""

    path: str
    kind: Change
    replaces: bool = False

    @property
    def key(self) -> str:
        """The property that the value belongs to."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


def planned(
    shape: Shape,
    state: Mapping[str, Any],
    inputs: Mapping[str, Any],
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """Return all properties as an update from *state* to *inputs* makes them."""
    wanted: dict[str, Any] = {}
    for key in shape.texts:
        kept = state.get(key) or "" if key in shape.computed else ""
        wanted[key] = inputs.get(key) or kept
    for key, is_alike in shape.alike.items():
        if is_alike(state.get(key, ""), wanted[key]):
            wanted[key] = state[key]
    for key in shape.flags:
        wanted[key] = inputs.get(key, False)
    for key in shape.maps:
        wanted[key] = _merged(table(state.get(key)), inputs.get(key))
    for key, block in shape.blocks.items():
        given = inputs.get(key)
        if given is None:
            wanted[key] = state.get(key) if key in shape.computed else None
        else:
            wanted[key] = filled(block, given)
    for key in {_head(path) for path in ignored if path == _head(path)} & wanted.keys():
        wanted[key] = state.get(key)
    return wanted


def differences(
    shape: Shape,
    state: Mapping[str, Any],
    inputs: Mapping[str, Any],
    ignored: Collection[str] = (),
) -> list[Difference]:
    """Return what the program's *inputs* change in *state*."""
    wanted = planned(shape, state, inputs, ignored)
    rest = Block(texts=shape.texts, flags=shape.flags, blocks=shape.blocks)
    found = [
        Difference(one.path, one.kind, replaces=one.path in shape.fixed)
        for one in _compared(rest, state, wanted)
    ]
    for key in shape.maps:
        found += _map_differences(key, table(state.get(key)), inputs.get(key))
    return [one for one in found if not any(_covers(path, one.path) for path in ignored)]


def filled(block: Block, given: Any) -> Any:
    """Return a group with all its properties: what is not given is empty."""
    if given == UNKNOWN:
        return given
    values = table(given)
    return {
        **{key: values.get(key) or "" for key in block.texts},
        **{key: table(values.get(key)) for key in block.maps},
        **{
            key: filled(inner, values[key]) if values.get(key) is not None else None
            for key, inner in block.blocks.items()
        },
    }


def is_protected(name: str) -> bool:
    """Whether a label or an annotation is Rancher's own."""
    return any(mark in name for mark in PROTECTED)


def _merged(kept: Mapping[str, Any], given: Any) -> Any:
    if given == UNKNOWN:
        return given
    entries = table(given)
    if not entries:
        return dict(kept)
    own = {name: value for name, value in kept.items() if is_protected(name)}
    return own | {
        name: text(value)
        for name, value in entries.items()
        if value != "" or not is_protected(name)
    }


def _compared(
    block: Block, old: Mapping[str, Any], new: Mapping[str, Any], path: str = ""
) -> Iterator[Difference]:
    for key in (*block.texts, *block.flags):
        before, after = old.get(key) or "", new.get(key) or ""
        if before != after:
            yield Difference(path + key, _kind(before, after))
    for key in block.maps:
        before, after = table(old.get(key)), table(new.get(key))
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                yield Difference(_entry(path + key, name), _kind(before.get(name), after.get(name)))
    for key, inner in block.blocks.items():
        before, after = old.get(key), new.get(key)
        if before is None or after is None or after == UNKNOWN:
            if before != after:
                yield Difference(path + key, _kind(before, after))
        else:
            yield from _compared(inner, before, after, f"{path}{key}.")


def _map_differences(key: str, old: Mapping[str, Any], given: Any) -> Iterator[Difference]:
    if given == UNKNOWN:
        yield Difference(key, Change.UPDATE)
        return
    entries = table(given)
    if not entries:
        return
    wanted = _merged(old, entries)
    for name in sorted({*old, *wanted}):
        if old.get(name) != wanted.get(name):
            yield Difference(_entry(key, name), _kind(old.get(name), wanted.get(name)))
    # The official one compares the numbers of entries too, and so finds a change that no update
    # ends, as soon as Rancher adds an entry of its own.
    if len(entries) != len(old):
        yield Difference(key, Change.UPDATE)


def _kind(before: Any, after: Any) -> Change:
    if before in (None, ""):
        return Change.ADD
    return Change.DELETE if after in (None, "") else Change.UPDATE


def _entry(path: str, name: str) -> str:
    return f"{path}.{name}" if re.fullmatch(r"[A-Za-z_][\w-]*", name) else f'{path}["{name}"]'


def _head(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _covers(ignored: str, path: str) -> bool:
    return path == ignored or path.startswith((f"{ignored}.", f"{ignored}["))
