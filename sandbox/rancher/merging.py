"""How an update treats labels and annotations: some keys belong to the server."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.rancher.names import CREATOR

FIELD = "field.cattle.io/"


def merged(present: Mapping[str, str], given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the labels or annotations after an update that gives these; None gives none.

    A client neither overwrites nor deletes a key of Rancher's, and deletes none of its fields by
    leaving it out.
    """
    if given is None:
        return dict(present)
    result = dict(given)
    for key, value in present.items():
        if is_protected(key) or (key.startswith(FIELD) and key not in result):
            result[key] = value
    return result


def is_protected(key: str) -> bool:
    """Tell whether a key is the server's alone."""
    return key == CREATOR or ("cattle.io/" in key and not key.startswith(FIELD))
