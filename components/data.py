"""What existing data bear: a change that would make them unreadable is refused before it is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pulumi

from components.choices.storage import Kept, Storage
from components.held import Claim, Cluster
from components.reader import mebibytes

# What is true of a claim that notes nothing: it was made when nothing else could be chosen.
_ALWAYS: Mapping[str, str] = {
    "generation": "0.x",
    "postgres": "14",
    "folder": "pgdata",
    "database": "postgres",
    "owner": "postgres",
}

# Why data of one kind are lost on a program of another, by what is noted of them.
_WHY: Mapping[str, str] = {
    "generation": "the applications of generation {new} cannot use what those of {old} wrote",
    "postgres": "PostgreSQL {new} cannot read the data of PostgreSQL {old}",
    "folder": "the data are in the folder {old} of the volume, and {new} would be a new, empty one",
    "database": "the site's data are in the database {old}, and {new} is another",
    "owner": "the site's data belong to {old}, and {new} may not read them",
}

# What to type instead, for what a setting decides.
_INSTEAD: Mapping[str, str] = {
    "generation": "pulumi config set generation {old} -s {stack}",
    "postgres": "./ov images pin db IMAGE:{old}.TAG -s {stack}",
}


def ask_data(context: str, stack: str) -> Callable[[Storage], None]:
    """Ask what the cluster of *context* holds of *stack*; return what waits for it and refuses.

    That refuses what the data would not survive: it raises `pulumi.RunError` with all that is wrong
    and what to type. Meanwhile the program has something else to do.
    """
    cluster = Cluster(context=context)
    return partial(_require, stack, cluster, cluster.ask_claims(stack))


def _require(
    stack: str, cluster: Cluster, claims: Callable[[], Mapping[str, Claim]], storage: Storage
) -> None:
    held = claims()
    problems: list[str] = []
    for name, wanted in storage.kept.items():
        if name in held:
            problems += _facts(stack, name, held[name], wanted, storage.ready_for)
            problems += _place(stack, name, held[name], wanted)
            problems += _size(stack, name, held[name], wanted, cluster)
    if problems:
        raise pulumi.RunError(
            f"The data of stack {stack} would not survive these settings. Nothing was changed.\n"
            + "\n".join(f"- {each}" for each in problems)
        )


def _facts(
    stack: str, name: str, held: Claim, wanted: Kept, ready_for: Mapping[str, str]
) -> Iterator[str]:
    for fact, new in wanted.volume.facts.items():
        old = held.facts.get(fact, _ALWAYS[fact])
        if new not in (old, ready_for.get(fact)):
            words = {"old": old, "new": new, "stack": stack}
            yield _said(
                f"{name}: {_WHY[fact].format(**words)}",
                _INSTEAD.get(fact, "").format(**words),
                f"pulumi config set --path dataReadyFor.{fact} {new} -s {stack}",
            )


def _place(stack: str, name: str, held: Claim, wanted: Kept) -> Iterator[str]:
    asked = held.facts.get("storage-class")
    new = wanted.volume.storage_class
    # Where none was asked for, the cluster has written its usual one into the claim.
    if new != asked if asked is not None else new not in ("", held.storage_class):
        yield _said(
            f"{name}: it is of storage class {held.storage_class}"
            + ("" if asked else ", which is the cluster's usual one,")
            + f" and cannot become one of {new or 'the usual class'}: the data would stay behind",
            f"pulumi config set --path storageClasses.{wanted.key.removesuffix('Storage')} "
            f"'{asked if asked is not None else ''}' -s {stack}",
        )


def _size(stack: str, name: str, held: Claim, wanted: Kept, cluster: Cluster) -> Iterator[str]:
    old, new = held.mebibytes, mebibytes(wanted.volume.size)
    stay = f"pulumi config set {wanted.key} {math.ceil(old)}Mi -s {stack}"
    if new < old:
        yield _said(
            f"{name}: it has {held.size}, and no volume can shrink to {wanted.volume.size}", stay
        )
    elif new > old and not cluster.grows(held.storage_class):
        yield _said(
            f"{name}: it has {held.size}, and storage class {held.storage_class} lets no volume "
            f"grow to {wanted.volume.size}",
            stay,
        )


def _said(problem: str, instead: str, ready: str = "") -> str:
    lines = [f"{problem}."]
    if instead:
        lines.append(f"Type: {instead}")
    if ready:
        lines.append(f"Once the data are ready for it (docs/data.md): {ready}")
    return "\n    ".join(lines)
