"""What Rancher keeps true in one namespace: its quota, its limits, and what it says of itself."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lightkube.core.resource import Resource
from lightkube.resources.core_v1 import LimitRange, Namespace, ResourceQuota

from sandbox.rancher import desired, names, quotas
from sandbox.rancher.names import Document
from sandbox.rancher.store import Store

Notes = Mapping[str, str | None]
Said = Mapping[str, tuple[bool, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A namespace, the project that it is in, and what is there of both."""

    store: Store
    namespace: Document
    project: Document | None
    others: Sequence[Document]
    quota: Document | None
    limits: Document | None

    async def keep(self) -> None:
        """Bring the namespace to what it should be."""
        await self._keep_quota()
        await self._keep_limits()
        await self._keep_mark()

    async def _keep_quota(self) -> None:
        hard = names.part(self.quota["spec"], "hard") if self.quota else None
        room = desired.room(self.namespace, self.project, self.others, hard)
        said = {} if room.fits is None else {"ResourceQuotaValidated": (room.fits, room.why)}
        # What is said comes first: a quota that is there counts.
        await self._note({names.QUOTA: room.annotation}, said)
        spec = {"hard": room.hard} if room.hard else None
        await self._keep_one(ResourceQuota, self.quota, spec)

    async def _keep_limits(self) -> None:
        containers = desired.container_limit(self.namespace, self.project)
        item = {"type": "Container", **quotas.limit_range(containers)}
        spec = {"limits": [item]} if len(item) > 1 else None
        if await self._keep_one(LimitRange, self.limits, spec):
            note = quotas.container_annotation(containers) if spec else None
            await self._note({names.LIMIT: note}, {})

    async def _keep_mark(self) -> None:
        """Keep the label that says which project this is in, and that it is ready."""
        project = self.project
        if project is None:
            return
        label = project["metadata"]["name"]

        def change(found: Document) -> None:
            if names.notes(found).get(names.PROJECT) == names.project_id(project):
                meta = found["metadata"]
                meta["labels"] = {**names.labels(found), names.PROJECT: label}
                meta["annotations"] = {**names.notes(found), names.LIFECYCLE: "true"}

        marked = names.labels(self.namespace).get(names.PROJECT) == label
        if not marked or names.LIFECYCLE not in names.notes(self.namespace):
            await self.store.edit(Namespace, self.namespace["metadata"]["name"], change)
        if not desired.is_so(self.namespace, "InitialRolesPopulated"):
            await self._note({}, {"InitialRolesPopulated": (True, "")})

    async def _keep_one(
        self, kind: type[Resource], present: Document | None, spec: Document | None
    ) -> bool:
        """Keep the one object of a kind that is Rancher's; return whether it changed."""
        place = self.namespace["metadata"]["name"]
        if present is None:
            made = await self.store.create(self._default(kind, spec)) if spec else None
            return made is not None
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

    async def _note(self, notes: Notes, said: Said) -> None:
        """Write into the namespace what was decided of it; None takes a note away.

        A note that somebody else has changed meanwhile stays: it is to be decided upon anew.
        """
        before = names.notes(self.namespace)
        changed = {key: value for key, value in notes.items() if before.get(key) != value}
        if not changed and not said:
            return
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

        def change(found: Document) -> None:
            present = names.notes(found)
            wanted = dict(present)
            for key, value in changed.items():
                if present.get(key) == before.get(key):
                    wanted.pop(key, None)
                    if value is not None:
                        wanted[key] = value
            if said:
                wanted[names.STATUS] = desired.status(found, said, now)
            if wanted != present:
                found["metadata"]["annotations"] = wanted

        after = await self.store.edit(Namespace, self.namespace["metadata"]["name"], change)
        # The next namespace of the project finds the room that this one has left.
        self.namespace.update(after or {})

    def _default(self, kind: type[Resource], spec: Document) -> Document:
        meta = self.namespace["metadata"]
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
        return quotas.same(names.part(present, "hard"), wanted["hard"])
    mine, theirs = wanted["limits"][0], present["limits"][0]
    return len(present["limits"]) == 1 and all(
        quotas.same(names.part(mine, key), names.part(theirs, key))
        for key in ("default", "defaultRequest")
    )
