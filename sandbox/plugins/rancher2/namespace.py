"""`rancher2.Namespace`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.plugins.rancher2 import cluster
from sandbox.plugins.rancher2.client import Api
from sandbox.plugins.rancher2.errors import RancherError, RefusedError
from sandbox.plugins.rancher2.plan import filled
from sandbox.plugins.rancher2.resource import REMOVED, Resource, State, given, owned
from sandbox.plugins.rancher2.shape import CONTAINER, QUOTAS, Block, Shape
from sandbox.plugins.values import table

QUOTA = Block(blocks={"limit": Block(texts=QUOTAS)}, required=frozenset({"limit"}))

UNAVAILABLE = 503


def _is_same_project(old: str, new: str) -> bool:
    # The official one compares the project's part alone, and so misses another cluster.
    return old != "" and old.partition(":")[2] == new.partition(":")[2]


class Namespace(Resource):
    """A Kubernetes namespace, made by Rancher."""

    shape = Shape(
        type="rancher2:index/namespace:Namespace",
        texts=("description", "name", "projectId"),
        flags=("waitForCluster",),
        maps=("annotations", "labels"),
        blocks={"containerResourceLimit": CONTAINER, "resourceQuota": QUOTA},
        required=frozenset({"projectId"}),
        fixed=frozenset({"name"}),
        computed=frozenset({"resourceQuota"}),
        alike={"projectId": _is_same_project},
    )
    kind = "namespace"
    noun = "namespace"
    on_creation = ("activating",)
    # Who creates a namespace may see it only after Rancher has given its roles.
    refusals_on_creation: ClassVar[Mapping[int, str]] = {403: "activating", 404: REMOVED}

    @override
    def create(self, wanted: State, limit: float) -> str:
        cluster.require_active(
            self._rancher,
            cluster.cluster_of(wanted["projectId"]),
            "Namespace",
            wait=wanted["waitForCluster"],
            limit=limit,
        )
        texts = ("annotations", "description", "labels", "name", "projectId")
        body = {
            **given({key: wanted[key] for key in texts}),
            "containerDefaultResourceLimit": given(table(wanted["containerResourceLimit"])),
            **given({"resourceQuota": _quota(wanted)}),
        }
        return self._api(wanted).create(self.kind, body)["id"]

    @override
    def read(self, identity: str, state: State) -> State | None:
        home = cluster.cluster_of(state.get("projectId") or "")
        management = self._rancher.management()
        try:
            management.by_id("cluster", home)
        except RefusedError as error:
            if error.is_gone:
                return None
            raise
        found = self._found(self._api(state), identity)
        return None if found is None else _state(found, state)

    @override
    def find(self, identity: str) -> tuple[str, State] | None:
        project, _, name = identity.rpartition(".")
        api = self._rancher.cluster(cluster.cluster_of(f"{project}:"))
        found = api.by_id(self.kind, name)
        wanted = project if ":" in project else ""
        actual = found.get("projectId") or ""
        if actual != wanted:
            raise RancherError(
                f"[ERROR] Namespace {name} is in project {actual!r}, not in {wanted!r}"
            )
        state = self.read(name, _state(found, {}))
        return None if state is None else (name, state)

    @override
    def _api(self, state: State) -> Api:
        return self._rancher.cluster(cluster.cluster_of(state.get("projectId") or ""))

    @override
    def _change(self, api: Api, found: Mapping[str, Any], wanted: State) -> str:
        if not _is_same_project(found.get("projectId") or "", wanted["projectId"]):
            api.act("move", found, {"projectId": wanted["projectId"]})
        body = {
            "description": wanted["description"],
            "containerDefaultResourceLimit": given(table(wanted["containerResourceLimit"])),
            "resourceQuota": _quota(wanted),
            "annotations": wanted["annotations"],
            "labels": wanted["labels"],
        }
        return api.update(self.kind, found, body)

    @override
    def _is_absent(self, error: RefusedError) -> bool:
        return error.is_gone or error.status == UNAVAILABLE


def _quota(wanted: State) -> dict[str, Any]:
    quota = table(wanted["resourceQuota"])
    return {"limit": given(table(quota.get("limit")))} if quota else {}


def _state(found: Mapping[str, Any], state: State) -> State:
    new = {
        "containerResourceLimit": None,
        "resourceQuota": None,
        **state,
        **owned(found),
        "description": found.get("description") or "",
    }
    if found.get("projectId"):
        new["projectId"] = found["projectId"]
    limit = found.get("containerDefaultResourceLimit")
    if limit is not None:
        new["containerResourceLimit"] = filled(CONTAINER, limit) if limit else None
    quota = found.get("resourceQuota")
    if quota is not None:
        new["resourceQuota"] = filled(QUOTA, quota) if table(quota).get("limit") else None
    return new
