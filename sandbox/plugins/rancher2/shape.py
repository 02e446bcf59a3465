"""What a resource of the provider consists of, and how its inputs are checked and found again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.plugins.values import UNKNOWN, table

# What a check remembers about the inputs: which of them it chose itself.
DEFAULTS = "__defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A group of properties."""

    texts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    blocks: Mapping[str, "Block"] = field(default_factory=dict[str, "Block"])
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Block):
    """All properties of one type."""

    type: str
    # A change of these makes another thing.
    fixed: frozenset[str] = frozenset()
    # Rancher fills these in: left out of the program, they stay what they are.
    computed: frozenset[str] = frozenset()
    # When two different values of a property mean the same.
    alike: Mapping[str, Callable[[str, str], bool]] = field(
        default_factory=dict[str, Callable[[str, str], bool]]
    )


CONTAINER = Block(texts=("limitsCpu", "limitsMemory", "requestsCpu", "requestsMemory"))

QUOTAS = (
    "configMaps",
    "limitsCpu",
    "limitsMemory",
    "persistentVolumeClaims",
    "pods",
    "replicationControllers",
    "requestsCpu",
    "requestsMemory",
    "requestsStorage",
    "secrets",
    "services",
    "servicesLoadBalancers",
    "servicesNodePorts",
)


def check(
    block: Block, given: Mapping[str, Any], path: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """Return the inputs in their own types, and what is wrong with them."""
    checked: dict[str, Any] = {DEFAULTS: []}
    faults: list[str] = []
    for key, value in given.items():
        if value is None or key == DEFAULTS:
            continue
        if key in block.blocks and value != UNKNOWN:
            inner, more = check(block.blocks[key], table(value), f"{path}{key}.0.")
            checked[key] = inner
            faults += more
        elif key in block.blocks:
            checked[key] = value
        elif key in block.texts:
            checked[key] = text(value)
        elif key in block.flags:
            checked[key] = value if value == UNKNOWN else value in {True, "true"}
        elif key in block.maps:
            checked[key] = _entries(value)
        else:
            faults.append(f": invalid or unknown key: {path}{key}")
    faults += [
        f"Missing required property '{path}{key}'"
        for key in sorted(block.required)
        if key not in checked
    ]
    return checked, faults


def text(value: Any) -> str:
    """Return *value* as the text that Rancher wants for it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def restricted(inputs: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the *state* says now about what was given before."""
    kept: dict[str, Any] = {DEFAULTS: inputs[DEFAULTS]} if inputs.get(DEFAULTS) else {}
    for key, value in inputs.items():
        now = state.get(key)
        if now is not None:
            inner = table(value)
            kept[key] = restricted(inner, table(now)) if inner else now
    return kept


def inputs_of(block: Block, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that describe *state*, as an import shows them."""
    texts = {key: state[key] for key in (*block.texts, *block.maps) if state.get(key)}
    groups = {
        key: inputs_of(inner, state[key])
        for key, inner in block.blocks.items()
        if state.get(key) is not None
    }
    return {DEFAULTS: [], **texts, **groups}


def _entries(value: Any) -> Any:
    if value == UNKNOWN:
        return value
    return {key: one for key, one in table(value).items() if key != DEFAULTS}
