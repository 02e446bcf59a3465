"""`rancher2.Project`."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from sandbox.plugins.rancher2 import cluster
from sandbox.plugins.rancher2.client import Api
from sandbox.plugins.rancher2.plan import filled
from sandbox.plugins.rancher2.resource import Resource, State, given, owned
from sandbox.plugins.rancher2.shape import CONTAINER, QUOTAS, Block, Shape
from sandbox.plugins.values import table

LIMIT = Block(texts=QUOTAS, maps=("extended",))

# The two halves of a quota, and what Rancher calls them.
HALVES = {"projectLimit": "resourceQuota", "namespaceDefaultLimit": "namespaceDefaultResourceQuota"}


class Project(Resource):
    """A Rancher project: a group of namespaces with common quotas and people."""

    shape = Shape(
        type="rancher2:index/project:Project",
        texts=("clusterId", "description", "name"),
        flags=("waitForCluster",),
        maps=("annotations", "labels"),
        blocks={
            "containerResourceLimit": CONTAINER,
            "resourceQuota": Block(blocks=dict.fromkeys(HALVES, LIMIT), required=frozenset(HALVES)),
        },
        required=frozenset({"clusterId"}),
        fixed=frozenset({"clusterId"}),
    )
    kind = "project"
    noun = "project"
    on_creation = ("initializing", "configuring")

    @override
    def create(self, wanted: State, limit: float) -> str:
        cluster.require_active(
            self._rancher,
            wanted["clusterId"],
            "Project",
            wait=wanted["waitForCluster"],
            limit=limit,
        )
        return self._api(wanted).create(self.kind, _body(wanted))["id"]

    @override
    def created(self, identity: str, wanted: State, limit: float) -> State:
        state = super().created(identity, wanted, limit)
        return {key: value for key, value in state.items() if value is not None}

    @override
    def read(self, identity: str, state: State) -> State | None:
        found = self._found(self._api(state), identity)
        return None if found is None else _state(found, state)

    @override
    def _change(self, api: Api, found: Mapping[str, Any], wanted: State) -> str:
        return api.replace(self.kind, found, _body(wanted))


def _body(wanted: State) -> dict[str, Any]:
    quota = table(wanted["resourceQuota"])
    halves = {theirs: {"limit": given(table(quota.get(ours)))} for ours, theirs in HALVES.items()}
    return {
        **given({key: wanted[key] for key in ("annotations", "clusterId", "description")}),
        **given({"containerDefaultResourceLimit": given(table(wanted["containerResourceLimit"]))}),
        **given({key: wanted[key] for key in ("labels", "name")}),
        **(halves if quota else {}),
    }


def _state(found: Mapping[str, Any], state: State) -> State:
    new = {
        **state,
        **owned(found),
        "clusterId": found.get("clusterId") or "",
        "description": found.get("description") or "",
    }
    # What Rancher does not have stays what it was, so that a quota taken away is not noticed.
    limit = found.get("containerDefaultResourceLimit")
    if limit is not None:
        new["containerResourceLimit"] = filled(CONTAINER, limit) if limit else None
    halves = {ours: found.get(theirs) for ours, theirs in HALVES.items()}
    if all(half is not None for half in halves.values()):
        new["resourceQuota"] = {ours: _half(half) for ours, half in halves.items()}
    return new


def _half(half: Any) -> Any:
    limit = table(half).get("limit")
    return filled(LIMIT, limit) if limit else None
