"""What every provider plugin answers alike, whatever its resources are."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc
from typing_extensions import override

from sandbox.plugins.serving import OPTIONS, serve
from sandbox.plugins.values import plain

# What the engine itself keeps among a provider's settings.
ENGINE_SETTINGS = {"version", "pluginDownloadURL"}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answer what has the same answer for each provider."""

    name: ClassVar[str]
    version: ClassVar[str]
    settings: ClassVar[frozenset[str]]

    def __init__(self, engine: str) -> None:
        self._engine = _connect(engine)

    @override
    def Attach(self, request: Any, context: Any) -> Empty:
        self._engine = _connect(request.address)
        return Empty()

    @override
    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    @override
    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        if request.version:
            fail(context, f"unsupported schema version {request.version}")
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps({"name": self.name, "version": self.version})
        )

    @override
    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """Say which settings differ: no change of a provider replaces its resources."""
        olds, news = plain(request.olds), plain(request.news)
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))
        if not changed:
            return provider_pb2.DiffResponse()
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=changed,
            hasDetailedDiff=True,
            detailedDiff={
                key: provider_pb2.PropertyDiff(
                    kind=provider_pb2.PropertyDiff.UPDATE
                    if key in olds
                    else provider_pb2.PropertyDiff.ADD,
                    inputDiff=True,
                )
                for key in changed
            },
        )

    @override
    def Cancel(self, request: Any, context: Any) -> Empty:
        """Stop nothing: what runs is finished and saved."""
        return Empty()

    def unknown_settings(self, settings: Mapping[str, Any]) -> list[str]:
        """Return the keys of *settings* that the provider does not have."""
        known = self.settings | ENGINE_SETTINGS
        return sorted(key for key in settings if key not in known and not key.startswith("__"))

    def configured(self, request: Any) -> dict[str, str]:
        """Return the settings that the engine configures the provider with."""
        prefix = f"{self.name}:config:"
        return {key.removeprefix(prefix): value for key, value in request.variables.items()}

    def refuse_type(self, kind: str, known: str, context: Any) -> NoReturn:
        """Fail because of a resource that only the official plugin has."""
        fail(
            context,
            f"this {self.name} plugin knows {known} only, not {kind}. "
            f"Set OV_PULUMI_BIN to the folder of an official Pulumi with its {self.name} plugin",
        )


def accepted() -> provider_pb2.ConfigureResponse:
    """Return what a configured provider of this kind can do."""
    return provider_pb2.ConfigureResponse(
        supportsPreview=True, supports_autonaming_configuration=True
    )


def refused_settings(reason: str) -> provider_pb2.CheckResponse:
    """Return the answer to a provider's settings that are wrong."""
    return provider_pb2.CheckResponse(
        failures=[
            provider_pb2.CheckFailure(
                property="", reason=f"could not validate provider configuration: {reason}"
            )
        ]
    )


def type_of(urn: str) -> str:
    """Return the type of the resource that *urn* names."""
    return urn.split("::")[2].rpartition("$")[2]


def fail(context: Any, text: str) -> NoReturn:
    """End the call with *text*."""
    context.abort(grpc.StatusCode.UNKNOWN, text)
    raise AssertionError  # abort has raised


def serve_provider(kind: type[Provider]) -> None:
    """Serve the engine whose address is on the command line."""
    addresses = [word for word in sys.argv[1:] if not word.startswith("-")]
    provider = kind(addresses[0] if addresses else "")
    serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server),
        on_end=_end,
    )


def _connect(engine: str) -> Any:
    if not engine:
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine, options=OPTIONS))


def _end(number: signal.Signals) -> None:
    # As the official ones: an interrupt waits for what runs, a termination does not.
    if number == signal.SIGTERM:
        os._exit(128 + number)
