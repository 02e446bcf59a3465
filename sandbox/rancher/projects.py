"""/v3/projects: made, listed, changed and removed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from lightkube.resources.core_v1 import Namespace
from starlette.requests import Request
from starlette.responses import Response

from sandbox.rancher import kinds, names, projectspec, requests, views
from sandbox.rancher.access import Access
from sandbox.rancher.failures import RequestError, exists, not_found
from sandbox.rancher.names import Document
from sandbox.rancher.store import Store

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Projects:
    """The projects of the cluster."""

    store: Store
    access: Access

    async def list(self, request: Request) -> Response:
        """Answer with the projects that the caller may see; filters it does not know do nothing."""
        base = requests.base(request)
        found: list[Document] = []
        for thing in await self.store.list(kinds.Project, names.CLUSTER):
            document = views.project(thing, base)
            wanted = requests.matches(request, document, "clusterId", "name")
            if wanted and await self._may(request, "get", thing):
                found.append(await self._shown(request, thing))
        return requests.answer(views.collection("project", f"{base}/v3/projects", found))

    async def create(self, request: Request) -> Response:
        """Make a project, whose creator owns it."""
        caller, given = requests.caller(request), await requests.body(request)
        requests.text(given, "name", required=True)
        cluster = requests.text(given, "clusterId", required=True)
        if await self.store.get(kinds.Cluster, cluster) is None:
            raise not_found(f"cluster {cluster}")
        await self.access.project(caller, "create")
        for _ in range(ATTEMPTS):
            name = f"p-{''.join(secrets.choice(LETTERS) for _ in range(5))}"
            made = await self.store.create(projectspec.new(name, given, caller.user))
            if made:
                ready = await provision(self.store, made)
                return requests.answer(views.project(ready or made, requests.base(request)), 201)
        raise exists("a project of every name that was tried")

    async def get(self, request: Request) -> Response:
        """Answer with one project."""
        thing = await self._allowed(request, "get")
        base = requests.base(request)
        answer = requests.answer(await self._shown(request, thing))
        answer.headers["X-Api-Schemas"] = f"{base}/v3/project/{names.project_id(thing)}/schemas"
        return answer

    async def update(self, request: Request) -> Response:
        """Change a project."""
        thing = await self._allowed(request, "update")
        given = await requests.body(request)
        replace = request.query_params.get("_replace") == "true"

        def change(project: Document) -> None:
            projectspec.update(project, given, replace=replace)

        name = thing["metadata"]["name"]
        changed = await self.store.edit(kinds.Project, name, change, names.CLUSTER)
        if changed is None:
            raise not_found(f"project {name}")
        return requests.answer(views.project(changed, requests.base(request)))

    async def delete(self, request: Request) -> Response:
        """Begin to remove a project; the controllers do it, and then it is gone."""
        thing = await self._allowed(request, "delete")
        if names.labels(thing).get(names.SYSTEM_PROJECT) == "true":
            raise RequestError(405, "MethodNotAllowed", "System Project cannot be deleted")
        await self.store.delete(kinds.Project, thing["metadata"]["name"], names.CLUSTER)
        gone = {**thing, "metadata": {**thing["metadata"], "deletionTimestamp": "now"}}
        return requests.answer(views.project(gone, requests.base(request)))

    async def _shown(self, request: Request, thing: Document) -> Document:
        """Return a project with links to no more than the caller may do to it."""
        document = views.project(thing, requests.base(request))
        for link, verb in (("update", "update"), ("remove", "delete")):
            if not await self._may(request, verb, thing):
                del document["links"][link]
        return document

    async def _may(self, request: Request, verb: str, thing: Document) -> bool:
        caller, name = requests.caller(request), thing["metadata"]["name"]
        return await self.access.allowed(
            caller, verb, "projects", name=name, namespace=names.CLUSTER
        )

    async def _allowed(self, request: Request, verb: str) -> Document:
        thing = await find(self.store, request.path_params["id"])
        await self.access.project(requests.caller(request), verb, thing["metadata"]["name"])
        return thing


async def find(store: Store, name: str) -> Document:
    """Return the project of an id like local:p-xxxxx; refuse any other."""
    found = await look(store, name)
    if found is None:
        raise not_found(f"project {name}")
    return found


async def look(store: Store, name: str) -> Document | None:
    """Return the project of an id like local:p-xxxxx, if it is there."""
    cluster, _, short = name.partition(":")
    return await store.get(kinds.Project, short, cluster) if cluster and short else None


async def provision(store: Store, project: Document) -> Document | None:
    """Give a project all it lives on, and say so in its status; do nothing a second time."""
    name = project["metadata"]["name"]
    backing = names.backing_namespace(project)
    if names.part(project, "status").get("backingNamespace") == backing:
        return project
    await store.create(_system_namespace(backing))
    creator = names.notes(project).get(names.CREATOR)
    if creator:
        await store.create(_ownership(backing, names.project_id(project), creator))

    def ready(found: Document) -> None:
        found["status"] = {
            "backingNamespace": backing,
            "conditions": [
                {"type": "BackingNamespaceCreated", "status": "True"},
                {"type": "InitialRolesPopulated", "status": "True"},
            ],
        }

    return await store.edit(kinds.Project, name, ready, names.CLUSTER)


def _system_namespace(name: str) -> Document:
    """Return a namespace that is Rancher's own, which its API does not show."""
    return {
        "apiVersion": "v1",
        "kind": Namespace.__name__,
        "metadata": {"name": name, "annotations": {names.SYSTEM_NAMESPACE: "true"}},
    }


def _ownership(backing: str, project: str, user: str) -> Document:
    return {
        "apiVersion": names.API,
        "kind": "ProjectRoleTemplateBinding",
        "metadata": {
            "name": "creator-project-owner",
            "namespace": backing,
            "labels": {names.MADE_BY: "norman"},
        },
        "projectName": project,
        "roleTemplateName": "project-owner",
        "userName": user,
        "userPrincipalName": f"local://{user}",
    }
