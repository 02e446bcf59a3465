"""Where everything is kept: the sandbox's own API server, spoken to in plain documents."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from lightkube import ApiError, AsyncClient, KubeConfig, codecs
from lightkube.core import resource

from sandbox.cluster.api import CONFLICT, GONE
from sandbox.rancher.names import Document

ATTEMPTS = 10

Change = Callable[[Document], None]


class Store:
    """Objects of Kubernetes, with the rights of one kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        # lightkube leaves parts of its signatures untyped; the methods here have types again.
        self._client: Any = AsyncClient(
            KubeConfig.from_file(kubeconfig), trust_env=False, field_manager="rancher"
        )

    async def get(
        self, kind: type[resource.Resource], name: str, namespace: str = ""
    ) -> Document | None:
        """Return an object, or None if there is none."""
        try:
            return _plain(kind, await self._client.get(kind, name, **_place(namespace)))
        except ApiError as error:
            if error.status.code != GONE:
                raise
            return None

    async def list(self, kind: type[resource.Resource], namespace: str = "") -> list[Document]:
        """Return all objects of a kind, of one namespace or of all."""
        if issubclass(kind, resource.NamespacedResource):
            found = self._client.list(kind, namespace=namespace or "*")
        else:
            found = self._client.list(kind)
        return [_plain(kind, item) async for item in found]

    async def create(self, body: Document) -> Document | None:
        """Create an object and return it; return None if its name is taken."""
        wanted = codecs.from_dict(body)
        try:
            made = await self._client.create(wanted)
        except ApiError as error:
            if error.status.code != CONFLICT:
                raise
            return None
        return _plain(type(wanted), made)

    async def edit(
        self,
        kind: type[resource.Resource],
        name: str,
        change: Change,
        namespace: str = "",
    ) -> Document | None:
        """Change an object as it is now, again if somebody else did meanwhile; None if it is gone.

        A change that changes nothing writes nothing.
        """
        for attempt in range(ATTEMPTS):
            present = await self.get(kind, name, namespace)
            if present is None:
                return None
            wanted = copy.deepcopy(present)
            change(wanted)
            if wanted == present:
                return present
            try:
                return _plain(kind, await self._client.replace(codecs.from_dict(wanted)))
            except ApiError as error:
                last = attempt == ATTEMPTS - 1
                if error.status.code == GONE:
                    return None
                if error.status.code != CONFLICT or last:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def delete(self, kind: type[resource.Resource], name: str, namespace: str = "") -> None:
        """Delete an object, if it is there."""
        try:
            await self._client.delete(kind, name, **_place(namespace))
        except ApiError as error:
            if error.status.code != GONE:
                raise


def _place(namespace: str) -> dict[str, str]:
    return {"namespace": namespace} if namespace else {}


def _plain(kind: type[resource.Resource], item: Any) -> Document:  # noqa: ANN401, see above
    found = cast("Document", item.to_dict())
    definition = resource.api_info(kind).resource
    # The items of a list do not say what they are.
    return {**found, "apiVersion": definition.api_version, "kind": definition.kind}
