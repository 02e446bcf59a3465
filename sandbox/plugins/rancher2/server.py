"""The plugin: the engine's questions, and the provider's answers."""

import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as Detail
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, status_pb2
from typing_extensions import override

from sandbox.plugins import RANCHER2
from sandbox.plugins.provider import (
    Provider,
    accepted,
    fail,
    refused_settings,
    serve_provider,
    type_of,
)
from sandbox.plugins.rancher2 import settings
from sandbox.plugins.rancher2.binding import ProjectRoleTemplateBinding
from sandbox.plugins.rancher2.client import Rancher
from sandbox.plugins.rancher2.errors import RancherError
from sandbox.plugins.rancher2.namespace import Namespace
from sandbox.plugins.rancher2.plan import Difference, differences, planned
from sandbox.plugins.rancher2.project import Project
from sandbox.plugins.rancher2.resource import Resource, State
from sandbox.plugins.rancher2.settings import Settings
from sandbox.plugins.rancher2.shape import DEFAULTS, Shape, check, inputs_of, restricted
from sandbox.plugins.rancher2.waiting import LIMIT, Clock
from sandbox.plugins.values import Change, plain, secret, struct

RESOURCES: Mapping[str, type[Resource]] = {
    one.shape.type: one for one in (Project, ProjectRoleTemplateBinding, Namespace)
}

# What the official plugin keeps in each state for itself: how long it would wait, in nanoseconds.
META = {
    "__meta": json.dumps(
        {
            "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": dict.fromkeys(
                ("create", "delete", "update"), int(LIMIT * 1e9)
            )
        },
        separators=(",", ":"),
    )
}

PropertyDiff = provider_pb2.PropertyDiff
KINDS = {
    (Change.ADD, False): PropertyDiff.ADD,
    (Change.ADD, True): PropertyDiff.ADD_REPLACE,
    (Change.DELETE, False): PropertyDiff.DELETE,
    (Change.DELETE, True): PropertyDiff.DELETE_REPLACE,
    (Change.UPDATE, False): PropertyDiff.UPDATE,
    (Change.UPDATE, True): PropertyDiff.UPDATE_REPLACE,
}

Reach = Callable[[Settings], Rancher]


def reach(found: Settings) -> Rancher:
    """Return Rancher, which is asked only when there is something to do."""
    # Half of the start of a plugin that a settled stack asks nothing of.
    from sandbox.plugins.rancher2.connection import HttpConnection  # noqa: PLC0415

    return Rancher(found, HttpConnection(found), Clock())


class Rancher2Provider(Provider):
    """Answer the engine's questions about Rancher's resources."""

    name = "rancher2"
    version = RANCHER2
    settings = settings.SETTINGS

    def __init__(self, engine: str, reach: Reach = reach) -> None:
        super().__init__(engine)
        self._reach = reach
        self._settings: Settings | None = None
        self._rancher: Rancher | None = None
        self._lock = threading.Lock()

    # The provider itself

    @override
    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        news = plain(request.news)
        unknown = self.unknown_settings(news)
        if unknown:
            return refused_settings(f": invalid or unknown key: {unknown[0]}")
        inputs = Struct()
        inputs.CopyFrom(request.news)
        for key in settings.SECRETS:
            if news.get(key):
                inputs.fields[key].CopyFrom(secret(news[key]))
        return provider_pb2.CheckResponse(inputs=inputs)

    @override
    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        """Take the settings; Rancher is not asked before there is something to do."""
        try:
            self._settings = settings.read(self.configured(request), os.environ)
        except settings.SettingsError as error:
            fail(context, str(error))
        return accepted()

    # A resource

    @override
    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        shape = self._shape(request.urn, context)
        inputs, faults = check(shape, plain(request.news))
        if "name" not in inputs:
            inputs["name"] = _chosen_name(request)
            inputs[DEFAULTS] = ["name"]
        return provider_pb2.CheckResponse(
            inputs=struct(inputs),
            failures=[provider_pb2.CheckFailure(property="", reason=fault) for fault in faults],
        )

    @override
    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        shape = self._shape(request.urn, context)
        inputs = plain(request.news)
        found = differences(shape, plain(request.olds), _given(inputs), request.ignoreChanges)
        replaced = sorted({one.key for one in found if one.replaces})
        kinds = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=kinds.DIFF_SOME if found else kinds.DIFF_NONE,
            diffs=sorted({one.key for one in found}),
            replaces=replaced,
            stables=sorted(shape.fixed),
            # A chosen name is free for a second one, a given name is taken.
            deleteBeforeReplace=bool(replaced) and "name" not in inputs.get(DEFAULTS, []),
            hasDetailedDiff=True,
            detailedDiff={one.path: _detail(one) for one in found},
        )

    @override
    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        shape = self._shape(request.urn, context)
        inputs = _given(plain(request.properties))
        if request.preview:
            flags = dict.fromkeys(shape.flags, False)
            return provider_pb2.CreateResponse(id="", properties=struct({**flags, **inputs}))
        wanted = planned(shape, {}, inputs)
        limit = request.timeout or LIMIT
        try:
            resource = self._resource(request.urn)
            identity = resource.create(wanted, limit)
        except RancherError as error:
            fail(context, str(error))
        try:
            state = resource.created(identity, wanted, limit)
        except RancherError as error:
            reason = f"creating {request.urn}: {error}"
            _fail_half_done(context, identity, {**inputs, "id": identity}, reason)
        return provider_pb2.CreateResponse(id=identity, properties=struct({**state, **META}))

    @override
    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        shape = self._shape(request.urn, context)
        state = plain(request.olds)
        inputs = _given(plain(request.news))
        wanted = {
            "id": request.id,
            **planned(shape, state, inputs, request.ignoreChanges),
        }
        if request.preview:
            return provider_pb2.UpdateResponse(properties=struct({**state, **wanted}))
        try:
            resource = self._resource(request.urn)
            new = resource.update(request.id, state, wanted, request.timeout or LIMIT)
        except RancherError as error:
            reason = f"updating {request.urn}: {error}"
            _fail_half_done(context, request.id, {**state, **wanted}, reason)
        return provider_pb2.UpdateResponse(properties=struct({**new, **META}))

    @override
    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        shape = self._shape(request.urn, context)
        try:
            resource = self._resource(request.urn)
            if request.properties.fields:
                return _refreshed(resource, request)
            found = resource.find(request.id)
        except RancherError as error:
            fail(context, f"refreshing {request.urn}: {error}")
        if found is None:
            fail(
                context,
                f"importing {request.id}: importer for {request.id} returned a empty resource "
                f"state. This is always an error, the thing does not exist or is forbidden",
            )
        identity, state = found
        return provider_pb2.ReadResponse(
            id=identity,
            properties=struct({**state, **META}),
            inputs=struct(inputs_of(shape, state)),
        )

    @override
    def Delete(self, request: Any, context: Any) -> Empty:
        self._shape(request.urn, context)
        state = plain(request.properties)
        try:
            self._resource(request.urn).delete(request.id, state, request.timeout or LIMIT)
        except RancherError as error:
            fail(context, f"deleting {request.urn}: {error}")
        return Empty()

    def _shape(self, urn: str, context: Any) -> Shape:
        kind = type_of(urn)
        if kind not in RESOURCES:
            self.refuse_type(kind, ", ".join(RESOURCES), context)
        return RESOURCES[kind].shape

    def _resource(self, urn: str) -> Resource:
        with self._lock:
            if self._rancher is None:
                if self._settings is None:
                    raise RancherError("the provider is not configured")
                self._rancher = self._reach(self._settings)
        return RESOURCES[type_of(urn)](self._rancher)


def _refreshed(resource: Resource, request: Any) -> provider_pb2.ReadResponse:
    state = resource.read(request.id, plain(request.properties))
    if state is None:
        return provider_pb2.ReadResponse()
    return provider_pb2.ReadResponse(
        id=request.id,
        properties=struct({**state, **META}),
        inputs=struct(restricted(plain(request.inputs), state)),
    )


def _chosen_name(request: Any) -> str:
    """Return the name that was chosen before, else one that nobody has."""
    olds = plain(request.olds)
    if "name" in olds.get(DEFAULTS, []):
        return olds["name"]
    if request.autonaming.proposed_name:
        return request.autonaming.proposed_name
    seed = request.randomSeed
    digits = sha256(seed).hexdigest() if seed else secrets.token_hex(4)
    return f"{request.urn.rpartition('::')[2]}-{digits[:7]}"


def _detail(one: Difference) -> PropertyDiff:
    return PropertyDiff(kind=KINDS[one.kind, one.replaces])


def _given(inputs: State) -> State:
    return {key: value for key, value in inputs.items() if key != DEFAULTS}


def _fail_half_done(
    context: Any, identity: str, properties: Mapping[str, Any], reason: str
) -> NoReturn:
    """End the call with what is there all the same, for the engine to keep."""
    detail = Detail()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=identity, properties=struct(properties), reasons=[reason]
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    fail(context, reason)


def main() -> None:
    """Serve the engine that starts this plugin."""
    serve_provider(Rancher2Provider)
