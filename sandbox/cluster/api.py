"""The Kubernetes API as the sandbox's controllers use it.

lightkube speaks the protocol; here its objects become plain dictionaries with types of our own, so
that whatever decides something is a function of data, tried without a cluster.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import httpx2
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.core import resource
from lightkube.types import PatchType

from sandbox.cluster.kinds import Object

CONFLICT = 409
GONE = 404

# The API server closes a watch after this time, and a connection that died unseen with it.
WATCH_SECONDS = 300
RETRY_SECONDS = 0.5

ObjectType = TypeVar("ObjectType", bound=Object)


class Cluster:
    """The API, with the rights of one kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        # lightkube leaves parts of its signatures untyped; the methods here have types again.
        self._client: Any = AsyncClient(KubeConfig.from_file(kubeconfig), trust_env=False)

    def all(self, kind: type[resource.Resource], fields: dict[str, str] | None = None) -> AllOfKind:
        """Return all objects of *kind*, to be listed and watched."""
        return AllOfKind(self._client, kind, fields)

    async def create(self, body: resource.Resource) -> bool:
        """Create an object; return whether it was not there before."""
        try:
            await self._client.create(body)
        except ApiError as error:
            if error.status.code == CONFLICT:
                return False
            raise
        return True

    async def delete(self, kind: type[resource.Resource], name: str) -> None:
        """Delete an object without namespace, if it is there."""
        try:
            await self._client.delete(kind, name)
        except ApiError as error:
            if error.status.code != GONE:
                raise

    async def patch_status(
        self, kind: type[resource.Resource], metadata: Object, status: object
    ) -> None:
        """Merge *status* into an object's status, if the object is still there."""
        meta = metadata["metadata"]
        try:
            await self._client.patch(
                kind,
                meta.get("name"),
                {"status": status},
                namespace=meta.get("namespace"),
                patch_type=PatchType.MERGE,
            )
        except ApiError as error:
            if error.status.code != GONE:
                raise


@dataclass(frozen=True, slots=True)
class AllOfKind:
    """All objects of one kind in all namespaces."""

    client: Any
    kind: type[resource.Resource]
    fields: dict[str, str] | None

    async def list(self) -> tuple[list[Object], str]:
        """Return the objects, and the version at which they were read."""
        listing = self.client.list(self.kind, fields=self.fields, **self._everywhere())
        found = [_plain(item) async for item in listing]
        return found, cast("str", listing.resourceVersion)

    async def watch(self, version: str, saw: Callable[[str, Object], None]) -> None:
        """Call *saw* with each change since *version*, until the API server ends the watch."""
        changes = self.client.watch(
            self.kind,
            fields=self.fields,
            resource_version=version,
            server_timeout=WATCH_SECONDS,
            **self._everywhere(),
        )
        async for event, item in changes:
            saw(cast("str", event), _plain(item))

    def _everywhere(self) -> dict[str, str]:
        namespaced = issubclass(self.kind, resource.NamespacedResource)
        return {"namespace": "*"} if namespaced else {}


class Writer(Protocol):
    """The part of the API that makes and deletes objects."""

    async def create(self, body: resource.Resource) -> bool:
        """Create an object; return whether it was not there before."""
        ...

    async def delete(self, kind: type[resource.Resource], name: str) -> None:
        """Delete an object without namespace, if it is there."""
        ...


class Source(Protocol):
    """Objects that can be listed and watched."""

    async def list(self) -> tuple[list[Object], str]:
        """Return the objects, and the version at which they were read."""
        ...

    async def watch(self, version: str, saw: Callable[[str, Object], None]) -> None:
        """Call *saw* with each change since *version*, until the API server ends the watch."""
        ...


class Mirror(Generic[ObjectType]):
    """All objects of one kind, as the cluster has them now."""

    def __init__(self, source: Source, model: type[ObjectType], changed: asyncio.Event) -> None:
        self._source = source
        self._what = model.__name__
        self._changed = changed
        self._found: dict[tuple[str, str], ObjectType] = {}
        self.complete = False

    def all(self) -> list[ObjectType]:
        """Return the objects, in an order that does not change by itself."""
        return [self._found[key] for key in sorted(self._found)]

    async def follow(self) -> None:
        """Keep the mirror true; never return."""
        while True:
            try:
                found, version = await self._source.list()
                self._found = {_key(item): cast("ObjectType", item) for item in found}
                self.complete = True
                self._changed.set()
                await self._source.watch(version, self._saw)
            except httpx2.HTTPError as error:
                say(f"{self._what}: {error}; asking again")
                await asyncio.sleep(RETRY_SECONDS)

    def _saw(self, event: str, item: Object) -> None:
        if event == "DELETED":
            self._found.pop(_key(item), None)
        else:
            self._found[_key(item)] = cast("ObjectType", item)
        self._changed.set()


async def reconcile(
    mirrors: Sequence[Mirror[Any]],
    changed: asyncio.Event,
    act: Callable[[], Coroutine[None, None, None]],
    *,
    every: float = 30,
    settle: float = 0.05,
) -> None:
    """Call *act* soon after each change, and every so often without one, once all is mirrored."""
    async with asyncio.TaskGroup() as tasks:
        for mirror in mirrors:
            tasks.create_task(mirror.follow())
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), every)
            await asyncio.sleep(settle)  # changes come in flocks
            changed.clear()
            if not all(mirror.complete for mirror in mirrors):
                continue
            try:
                await act()
            except httpx2.HTTPError as error:
                say(f"{error}; trying again")
                await asyncio.sleep(RETRY_SECONDS)
                changed.set()


def say(message: str) -> None:
    """Write one line to the daemon's log."""
    print(message, flush=True)


def _plain(item: Any) -> Object:  # noqa: ANN401, whatever lightkube returns
    return cast("Object", item.to_dict())


def _key(item: Object) -> tuple[str, str]:
    meta = item["metadata"]
    return meta.get("namespace", ""), meta.get("name", "")
