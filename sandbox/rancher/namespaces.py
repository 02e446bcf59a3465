"""/v3/cluster/local/namespaces: the cluster's own namespaces, which the API only looks at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from lightkube.resources.core_v1 import Namespace
from starlette.requests import Request
from starlette.responses import Response

from sandbox.rancher import (
    desired,
    kinds,
    merging,
    names,
    projects,
    projectspec,
    quotas,
    requests,
    views,
)
from sandbox.rancher.access import Access
from sandbox.rancher.failures import exists, invalid, missing, not_found
from sandbox.rancher.names import Document
from sandbox.rancher.quotas import Limit
from sandbox.rancher.store import Change, Store


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces of the cluster, but those that are Rancher's own."""

    store: Store
    access: Access

    async def list(self, request: Request) -> Response:
        """Answer with the namespaces that the caller may see."""
        base = requests.base(request)
        found: list[Document] = []
        await self._demand_cluster(request)
        for thing in await self.store.list(Namespace):
            document = views.namespace(thing, base)
            wanted = all(
                document[key] == request.query_params[key]
                for key in ("projectId", "name")
                if key in request.query_params
            )
            if wanted and not _hidden(thing) and await self._visible(request, thing):
                found.append(document)
        where = f"{base}/v3/cluster/{names.CLUSTER}/namespaces"
        return requests.answer(views.collection("namespace", where, found))

    async def create(self, request: Request) -> Response:
        """Make a namespace, in a project or in none."""
        await self._demand_cluster(request)
        caller, given = requests.caller(request), await requests.body(request)
        name = requests.text(given, "name", required=True)
        project = await self._project(requests.text(given, "projectId"))
        await self.access.namespace(caller, "create", "", _short(project))
        notes = {
            **(requests.texts(given, "annotations") or {}),
            names.CREATOR: caller.user,
            names.STATUS: _status_unknown(),
        }
        if project:
            notes[names.PROJECT] = names.project_id(project)
        thing: Document = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "annotations": notes,
                "labels": {**(requests.texts(given, "labels") or {}), names.MADE_BY: "norman"},
            },
        }
        _take_fields(thing, given)
        demand_fit(thing, project, await self.store.list(Namespace))
        made = await self.store.create(thing)
        if made is None:
            raise exists(f"namespace {name}")
        return requests.answer(views.namespace(made, requests.base(request)), 201)

    async def get(self, request: Request) -> Response:
        """Answer with one namespace."""
        thing = await self._find(request)
        if not await self._visible(request, thing):
            await self._allowed(request, "get", thing)
        return requests.answer(views.namespace(thing, requests.base(request)))

    async def update(self, request: Request) -> Response:
        """Change a namespace; its project is changed by moving it."""
        thing = await self._find(request)
        await self._allowed(request, "update", thing)
        given = await requests.body(request)
        project = await projects.look(self.store, names.notes(thing).get(names.PROJECT, ""))
        others = await self.store.list(Namespace)

        def change(found: Document) -> None:
            update(found, given)
            if given.get("resourceQuota"):
                demand_fit(found, project, others)

        return await self._edited(request, change)

    async def act(self, request: Request) -> Response:
        """Move a namespace to another project, or out of all."""
        if request.query_params.get("action") != "move":
            raise invalid("InvalidAction", "a namespace can only be moved", "action")
        thing = await self._find(request)
        await self._allowed(request, "update", thing)
        wanted = requests.text(await requests.body(request), "projectId")
        project = await self._project(wanted)
        if project and project["spec"].get("resourceQuota"):
            title = project["spec"]["displayName"]
            raise invalid(
                "InvalidAction", f"can't move namespace. Project {title} has resource quota set"
            )
        if project:
            await self.access.namespace(requests.caller(request), "update", "", _short(project))

        def change(found: Document) -> None:
            meta = found["metadata"]
            notes, labels = dict(names.notes(found)), dict(names.labels(found))
            notes.pop(names.PROJECT, None)
            if project:
                notes[names.PROJECT] = wanted
            else:
                labels.pop(names.PROJECT, None)
            meta["annotations"], meta["labels"] = notes, labels

        await self._edited(request, change)
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        """Begin to delete a namespace with all that is in it."""
        thing = await self._find(request)
        await self._allowed(request, "delete", thing)
        await self.store.delete(Namespace, thing["metadata"]["name"])
        gone = {**thing, "metadata": {**thing["metadata"], "deletionTimestamp": "now"}}
        return requests.answer(views.namespace(gone, requests.base(request)))

    async def _edited(self, request: Request, change: Change) -> Response:
        name = request.path_params["name"]
        changed = await self.store.edit(Namespace, name, change)
        if changed is None:
            raise not_found(f"namespace {name}")
        return requests.answer(views.namespace(changed, requests.base(request)))

    async def _demand_cluster(self, request: Request) -> None:
        cluster = request.path_params["cluster"]
        if await self.store.get(kinds.Cluster, cluster) is None:
            raise not_found(f"cluster {cluster}")

    async def _find(self, request: Request) -> Document:
        await self._demand_cluster(request)
        name = request.path_params["name"]
        found = await self.store.get(Namespace, name)
        if found is None or _hidden(found):
            raise not_found(f"namespace {name}")
        return found

    async def _visible(self, request: Request, thing: Document) -> bool:
        name = thing["metadata"]["name"]
        return await self.access.allowed(
            requests.caller(request), "get", "namespaces", name=name, namespace=name, group=""
        )

    async def _allowed(self, request: Request, verb: str, thing: Document) -> None:
        project = names.notes(thing).get(names.PROJECT, "").partition(":")[2]
        name = thing["metadata"]["name"]
        await self.access.namespace(requests.caller(request), verb, name, project)

    async def _project(self, name: str) -> Document | None:
        """Return the project of an id; none for an empty one."""
        return await projects.find(self.store, name) if name else None


def update(thing: Document, given: Document) -> None:
    """Change a namespace as a PUT says; what controllers keep stays theirs."""
    meta = thing["metadata"]
    labels, notes = requests.texts(given, "labels"), requests.texts(given, "annotations")
    if labels is not None:
        labels = {key: value for key, value in labels.items() if key != names.PROJECT}
    if notes is not None:
        notes = {key: value for key, value in notes.items() if key not in views.FIELDS}
    meta["labels"] = merging.merged(names.labels(thing), labels)
    meta["annotations"] = merging.merged(names.notes(thing), notes)
    _take_fields(thing, given)


def demand_fit(thing: Document, project: Document | None, others: Sequence[Document]) -> None:
    """Refuse a namespace's quota that its project's does not hold, beside those of the others."""
    if project is None or not project["spec"].get("resourceQuota"):
        return
    allowed = cast("Limit", project["spec"]["resourceQuota"]["limit"])
    default = cast("Limit", project["spec"]["namespaceDefaultResourceQuota"]["limit"])
    asked = desired.limit(thing) or default
    lacking = sorted(allowed.keys() ^ asked.keys())
    if lacking:
        why = f"must have the fields of the project's quota; differs in {', '.join(lacking)}"
        raise missing("resourceQuota", why)
    used = [
        desired.limit(other) or {}
        for other in others
        if names.notes(other).get(names.PROJECT) == names.project_id(project)
        and other["metadata"]["name"] != thing["metadata"]["name"]
    ]
    over = quotas.excess(map(quotas.resources, [asked, *used]), quotas.resources(allowed))
    if over:
        raise projectspec.too_much("resourceQuota", "exceeds project limit on fields", over)


def _take_fields(thing: Document, given: Document) -> None:
    """Write what the API has as fields into the annotations that hold it."""
    notes = thing["metadata"]["annotations"]
    if "description" in given:
        _note(notes, names.DESCRIPTION, requests.text(given, "description"))
    if "resourceQuota" in given:
        quota = requests.mapping(given, "resourceQuota") or {}
        limit = requests.mapping(quota, "limit")
        projectspec.demand_amounts(limit or {}, "resourceQuota")
        _note(notes, names.QUOTA, quotas.annotation(cast("Limit", limit)) if limit else "")
    if "containerDefaultResourceLimit" in given:
        limit = requests.mapping(given, "containerDefaultResourceLimit") or {}
        projectspec.demand_amounts(limit, "containerDefaultResourceLimit")
        written = quotas.container_annotation(limit)
        _note(notes, names.LIMIT, "" if written == "{}" else written)


def _note(notes: dict[str, str], key: str, value: str) -> None:
    notes.pop(key, None)
    if value:
        notes[key] = value


def _hidden(thing: Document) -> bool:
    return names.notes(thing).get(names.SYSTEM_NAMESPACE) == "true"


def _short(project: Document | None) -> str:
    return project["metadata"]["name"] if project else ""


def _status_unknown() -> str:
    waited = {"Type": "InitialRolesPopulated", "Status": "Unknown", "Message": ""}
    return json.dumps({"Conditions": [waited]}, separators=(",", ":"))
