"""What Rancher keeps true in the cluster: for each project, each namespace, each role."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import cast

from lightkube.core.resource import Resource
from lightkube.resources.core_v1 import LimitRange, Namespace, ResourceQuota
from lightkube.resources.rbac_authorization_v1 import ClusterRoleBinding, Role, RoleBinding

from sandbox.cluster.api import Cluster, Mirror, reconcile, say
from sandbox.cluster.kinds import Object
from sandbox.rancher import desired, kinds, names, projects, quotas, views
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

    async def act(self) -> None:
        """Bring everything to what it should be."""
        for project in self.seen["projects"]:
            if project["metadata"].get("deletionTimestamp"):
                await self._remove(project)
            else:
                await projects.provision(self.store, project)
        # The roles first: a namespace says that they are there.
        await self._grant()
        for namespace in self._namespaces():
            await self._limit(namespace)
            await self._settle(namespace)
        for project in self._living():
            await self._count(project)

    # Projects

    def _living(self) -> list[Document]:
        return [
            project
            for project in self.seen["projects"]
            if not project["metadata"].get("deletionTimestamp")
        ]

    async def _remove(self, project: Document) -> None:
        """Take down what a project lives on; namespaces made by hand stay, with their data."""
        name, backing = names.project_id(project), _backing(project)
        for namespace in self.seen["namespaces"]:
            notes, called = names.notes(namespace), namespace["metadata"]["name"]
            if notes.get(names.PROJECT) != name:
                continue
            if names.CREATOR in notes:
                say(f"{called}: deleted with its project {name}")
                await self.store.delete(Namespace, called)
            else:
                say(f"{called}: stays without its project {name}")
                await self.store.edit(Namespace, called, _leave)
        for binding in self.seen["bindings"]:
            if binding["metadata"]["namespace"] == backing:
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

    def _project(self, namespace: Document) -> Document | None:
        wanted = names.notes(namespace).get(names.PROJECT)
        return next((one for one in self._living() if names.project_id(one) == wanted), None)

    async def _limit(self, namespace: Document) -> None:
        """Keep a namespace's quota and its containers' limits."""
        project, name = self._project(namespace), namespace["metadata"]["name"]
        present = self._ours("quotas", name)
        others = [
            one
            for one in self._of(names.notes(namespace).get(names.PROJECT, ""))
            if one["metadata"]["name"] != name
        ]
        hard = present["spec"].get("hard", {}) if present else None
        room = desired.room(namespace, project, others, hard)
        said = {} if room.fits is None else {"ResourceQuotaValidated": (room.fits, room.why)}
        # What is said comes first: a quota that is there counts.
        await self._note(namespace, {names.QUOTA: room.annotation}, said)
        spec = {"hard": room.hard} if room.hard else None
        await self._keep_one(ResourceQuota, namespace, present, spec)
        limits = self._ours("limits", name)
        containers = desired.container_limit(namespace, project)
        item = {"type": "Container", **quotas.limit_range(containers)}
        wanted = {"limits": [item]} if len(item) > 1 else None
        if await self._keep_one(LimitRange, namespace, limits, wanted):
            note = quotas.container_annotation(containers) if wanted else None
            await self._note(namespace, {names.LIMIT: note}, {})

    async def _settle(self, namespace: Document) -> None:
        """Keep the label that says which project a namespace is in, and that it is ready."""
        project = self._project(namespace)
        if project is None:
            return
        label = project["metadata"]["name"]

        def change(found: Document) -> None:
            if names.notes(found).get(names.PROJECT) == names.project_id(project):
                meta = found["metadata"]
                meta["labels"] = {**names.labels(found), names.PROJECT: label}
                meta["annotations"] = {**names.notes(found), names.LIFECYCLE: "true"}

        if names.labels(namespace).get(
            names.PROJECT
        ) != label or names.LIFECYCLE not in names.notes(namespace):
            await self.store.edit(Namespace, namespace["metadata"]["name"], change)
        if not desired.is_so(namespace, "InitialRolesPopulated"):
            await self._note(namespace, {}, {"InitialRolesPopulated": (True, "")})

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

    async def _keep_one(
        self,
        kind: type[Resource],
        namespace: Document,
        present: Document | None,
        spec: Document | None,
    ) -> bool:
        """Keep the one object of a kind that is ours in a namespace; return whether it changed."""
        place = namespace["metadata"]["name"]
        if present is None:
            return spec is not None and bool(
                await self.store.create(_default(kind, namespace, spec))
            )
        name = present["metadata"]["name"]
        if spec is None:
            await self.store.delete(kind, name, place)
            return True
        if _equal(present["spec"], spec):
            return False

        def change(found: Document) -> None:
            found["spec"] = spec

        await self.store.edit(kind, name, change, place)
        return True

    async def _note(
        self,
        namespace: Document,
        notes: dict[str, str | None],
        said: dict[str, tuple[bool, str]],
    ) -> None:
        """Write into a namespace what was decided of it; None takes a note away."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

        def change(found: Document) -> None:
            wanted = dict(names.notes(found))
            for key, value in notes.items():
                wanted.pop(key, None)
                if value is not None:
                    wanted[key] = value
            if said:
                fresh = desired.status(found, said, now)
                if views.conditions(found) != views.conditions(_noted(fresh)):
                    wanted[names.STATUS] = fresh
            if wanted != names.notes(found):
                found["metadata"]["annotations"] = wanted

        before = names.notes(namespace)
        if said or any(before.get(key) != value for key, value in notes.items()):
            await self.store.edit(Namespace, namespace["metadata"]["name"], change)


def _leave(namespace: Document) -> None:
    """Make a namespace one of no project."""
    for field in ("annotations", "labels"):
        kept = dict(namespace["metadata"].get(field) or {})
        if kept.pop(names.PROJECT, None):
            namespace["metadata"][field] = kept


def _backing(project: Document) -> str:
    return names.backing_namespace(project["metadata"]["name"])


def _place(thing: Document) -> tuple[str, str, str]:
    meta = thing["metadata"]
    return thing["kind"], meta.get("namespace") or "", meta["name"]


def _noted(status: str) -> Document:
    return {"metadata": {"annotations": {names.STATUS: status}}}


def _default(kind: type[Resource], namespace: Document, spec: Document) -> Document:
    meta = namespace["metadata"]
    # One name for one namespace: a pass that saw too little makes no second one.
    mark = hashlib.sha256(meta["uid"].encode()).hexdigest()[:5]
    return {
        "apiVersion": "v1",
        "kind": kind.__name__,
        "metadata": {
            "name": f"default-{mark}",
            "namespace": meta["name"],
            "labels": {names.DEFAULT_QUOTA: "true"},
        },
        "spec": spec,
    }


def _equal(present: Document, wanted: Document) -> bool:
    if "hard" in wanted:
        return quotas.same(present.get("hard") or {}, wanted["hard"])
    mine, theirs = (spec["limits"][0] for spec in (wanted, present))
    return len(present["limits"]) == 1 and all(
        quotas.same(mine.get(key) or {}, theirs.get(key) or {})
        for key in ("default", "defaultRequest")
    )
