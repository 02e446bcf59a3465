"""Objects that every cluster has: applied when they differ, and not otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from lightkube import ApiError, codecs
from lightkube.models.meta_v1 import Status

from sandbox.cluster import addons


@dataclass
class Api:
    """An API that keeps what is applied to it."""

    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    applied: list[str] = field(default_factory=list[str])
    refuses: int = 404

    def get(self, kind: type[Any], name: str, **place: str) -> Any:
        if name not in self.kept:
            message = f"{self.refuses}: {kind.__name__} {name} in {place}"
            raise ApiError(
                request=httpx2.Request("GET", "https://api"),
                status=Status(code=self.refuses, message=message),
            )
        return self.kept[name]

    def apply(self, wanted: Any, *, field_manager: str, force: bool) -> None:
        assert field_manager == addons.MANAGER
        assert force, "a hand's change is taken back"
        self.kept[wanted.metadata.name] = wanted
        self.applied.append(wanted.metadata.name)


def configuration(value: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "dns", "namespace": "kube-system", "annotations": {"own": "kept"}},
        "data": {"key": value},
    }


def test_what_is_missing_is_applied_once() -> None:
    api = Api()

    assert addons.apply_one(api, configuration("one"))
    assert not addons.apply_one(api, configuration("one"))
    assert api.applied == ["dns"]
    assert api.kept["dns"].metadata.annotations["own"] == "kept"


def test_what_we_write_differently_is_applied_again() -> None:
    api = Api()
    addons.apply_one(api, configuration("one"))

    assert addons.apply_one(api, configuration("two"))
    assert api.kept["dns"].data == {"key": "two"}


def test_what_somebody_else_made_is_taken_over() -> None:
    api = Api({"dns": codecs.from_dict(configuration("theirs"))})

    assert addons.apply_one(api, configuration("ours"))


def test_a_refusal_of_the_api_is_not_swallowed() -> None:
    api = Api(refuses=403)

    with pytest.raises(ApiError, match="403"):
        addons.apply_one(api, configuration("one"))
    assert api.applied == []
