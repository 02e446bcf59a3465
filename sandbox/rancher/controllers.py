"""What Rancher keeps true in the cluster: for each project, each namespace, each role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import cast

import httpx2
from lightkube.core.resource import Resource
from lightkube.resources.core_v1 import LimitRange, Namespace, ResourceQuota
from lightkube.resources.rbac_authorization_v1 import ClusterRoleBinding, Role, RoleBinding

from sandbox.cluster.api import Cluster, Mirror, reconcile, say
from sandbox.cluster.kinds import Object
from sandbox.rancher import desired, kinds, names, projects
from sandbox.rancher.members import Member
from sandbox.rancher.names import Document
from sandbox.rancher.store import Store

WATCHED: dict[str, type[Resource]] = {
    "projects": kinds.Project,
    "bindings": kinds.Binding,
    "templates": kinds.RoleTemplate,
    "namespaces": Namespace,
    "quotas": ResourceQuota,
    "limits": LimitRange,
    "Role": Role,
    "RoleBinding": RoleBinding,
    "ClusterRoleBinding": ClusterRoleBinding,
}
Step = Callable[[Document], Coroutine[None, None, None]]

RBAC = ("Role", "RoleBinding", "ClusterRoleBinding")


async def keep(cluster: Cluster, store: Store) -> None:
    """Keep everything true; never return."""
    changed = asyncio.Event()
    mirrors = {what: Mirror(cluster.all(kind), Object, changed) for what, kind in WATCHED.items()}

    async def act() -> None:
        seen = {what: cast("list[Document]", one.all()) for what, one in mirrors.items()}
        await Controllers(store, seen).act()

    await reconcile(list(mirrors.values()), changed, act)


@dataclass(frozen=True, slots=True)
class Controllers:
    """One pass over the cluster as it was *seen*."""

    store: Store
    seen: dict[str, list[Document]]
    failed: list[httpx2.HTTPError] = field(default_factory=list[httpx2.HTTPError])

    async def act(self) -> None:
        """Bring everything to what it should be; what fails keeps nothing else from it."""
        await self._each(self.seen["projects"], self._provide)
        # The roles first: a namespace says that they are there.
        await self._grant()
        await self._each(self._namespaces(), self._keep_namespace)
        await self._each(self._living(), self._count)
        if self.failed:
            raise self.failed[0]

    async def _each(self, things: Sequence[Document], act: Step) -> None:
        for thing in things:
            try:
                await act(thing)
            except httpx2.HTTPError as error:
                say(f"{thing['metadata']['name']}: {error}")
                self.failed.append(error)

    # Projects

    def _living(self) -> list[Document]:
        return [
            project
            for project in self.seen["projects"]
            if not project["metadata"].get("deletionTimestamp")
        ]

    async def _provide(self, project: Document) -> None:
        if project["metadata"].get("deletionTimestamp"):
            await self._remove(project)
        else:
            await projects.provision(self.store, project)

    async def _remove(self, project: Document) -> None:
        """Take down what a project lives on; namespaces made by hand stay, with their data."""
        name, backing = names.project_id(project), names.backing_namespace(project)
        # Asked anew, as it is the last time: what was seen may lack what came at the end.
        for namespace in await self.store.list(Namespace):
            notes, called = names.notes(namespace), namespace["metadata"]["name"]
            if notes.get(names.PROJECT) != name:
                continue
            if names.CREATOR in notes:
                say(f"{called}: deleted with its project {name}")
                await self.store.delete(Namespace, called)
            else:
                say(f"{called}: stays without its project {name}")
                await self.store.edit(Namespace, called, _leave)
        for binding in await self.store.list(kinds.Binding, backing):
            await self.store.delete(kinds.Binding, binding["metadata"]["name"], backing)
        await self.store.delete(Namespace, backing)

        def done(found: Document) -> None:
            found["metadata"].pop("finalizers", None)

        await self.store.edit(kinds.Project, project["metadata"]["name"], done, names.CLUSTER)
        say(f"{name}: removed")

    async def _count(self, project: Document) -> None:
        """Say in a project with a quota how much of it is given away."""
        if not project["spec"].get("resourceQuota"):
            return
        total = desired.used(self._of(names.project_id(project)))

        def change(found: Document) -> None:
            quota = found["spec"].get("resourceQuota")
            if quota:
                found["spec"]["resourceQuota"] = {**quota, "usedLimit": total}

        if project["spec"]["resourceQuota"].get("usedLimit") != total:
            await self.store.edit(kinds.Project, project["metadata"]["name"], change, names.CLUSTER)

    # Roles

    async def _grant(self) -> None:
        """Make the roles that bindings come to, and remove those of bindings that are gone."""
        verbs = {
            one["metadata"]["name"]: one.get("projectVerbs", ["get"])
            for one in self.seen["templates"]
        }
        living = {names.project_id(project) for project in self._living()}
        wanted = {
            _place(grant): grant
            for binding in self.seen["bindings"]
            if binding["projectName"] in living
            for grant in desired.grants(
                binding,
                verbs.get(binding["roleTemplateName"], ["get"]),
                self._of(binding["projectName"]),
            )
        }
        present = {
            _place({**one, "kind": kind})
            for kind in RBAC
            for one in self.seen[kind]
            if names.BINDING_OWNER in names.labels(one)
        }
        for place, grant in wanted.items():
            if place not in present:
                await self.store.create(grant)
        for kind, namespace, name in sorted(present - wanted.keys()):
            await self.store.delete(WATCHED[kind], name, namespace)

    # Namespaces

    def _namespaces(self) -> list[Document]:
        return [
            namespace
            for namespace in self.seen["namespaces"]
            if not namespace["metadata"].get("deletionTimestamp")
            and names.SYSTEM_NAMESPACE not in names.notes(namespace)
        ]

    def _of(self, project: str) -> list[Document]:
        return [
            namespace
            for namespace in self._namespaces()
            if names.notes(namespace).get(names.PROJECT) == project
        ]

    async def _keep_namespace(self, namespace: Document) -> None:
        notes, name = names.notes(namespace), namespace["metadata"]["name"]
        wanted = notes.get(names.PROJECT)
        own = [one for one in self._living() if names.project_id(one) == wanted]
        member = Member(
            store=self.store,
            namespace=namespace,
            project=own[0] if own else None,
            others=[one for one in self._of(wanted or "") if one is not namespace],
            quota=self._ours("quotas", name),
            limits=self._ours("limits", name),
        )
        await member.keep()

    def _ours(self, what: str, namespace: str) -> Document | None:
        return next(
            (
                one
                for one in self.seen[what]
                if one["metadata"]["namespace"] == namespace
                and names.labels(one).get(names.DEFAULT_QUOTA) == "true"
            ),
            None,
        )


def _leave(namespace: Document) -> None:
    """Make a namespace one of no project."""
    for kind in ("annotations", "labels"):
        kept = dict(names.part(namespace["metadata"], kind))
        if kept.pop(names.PROJECT, None):
            namespace["metadata"][kind] = kept


def _place(thing: Document) -> tuple[str, str, str]:
    meta = thing["metadata"]
    return thing["kind"], meta.get("namespace") or "", meta["name"]
