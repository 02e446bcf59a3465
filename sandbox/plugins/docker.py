"""The docker provider's `Image`, in place of the official plugin where that is missing.

It decides, builds, pushes and answers as version 5.1.0 does on the same inputs; only where that one
crashes, this one says what is wrong. It keeps nothing of its own: what it knows is in the state.
"""

import json
import os
import posixpath
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)
from typing_extensions import override

from sandbox.plugins import DOCKER, buildcontext, daemon, image, logins, reference
from sandbox.plugins.daemon import Build, Credentials, Daemon, DaemonError
from sandbox.plugins.image import UNKNOWN, Change, InvalidImageError
from sandbox.plugins.serving import OPTIONS, serve

TYPE = "docker:index/image:Image"

# How the engine marks a value as a secret.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SEALED = "1b47061264138c4ac30d75fd1eb44270"

CONFIGURE_FAULT = "docker native provider returned an unexpected error from Configure: "
NO_DAEMON = "failed to connect to any docker daemon"
NOT_BUILT = (
    "Minimum inputs for build are unresolved. Continuing without preview image build. "
    "To avoid this warning, ensure image name, dockerfile, args, and context are resolved at "
    "preview."
)

SETTINGS = {
    "host",
    "context",
    "certPath",
    "caMaterial",
    "certMaterial",
    "keyMaterial",
    "registryAuth",
    "sshOpts",
    "disableDockerDaemonCheck",
    "version",
    "pluginDownloadURL",
}

KINDS = {
    Change.ADD: provider_pb2.PropertyDiff.ADD,
    Change.DELETE: provider_pb2.PropertyDiff.DELETE,
    Change.UPDATE: provider_pb2.PropertyDiff.UPDATE,
}


class Log:
    """Tells the engine, and through it the person, what happens to one resource."""

    def __init__(self, engine: Any, urn: str) -> None:
        self._engine = engine
        self._urn = urn
        self._last = ""

    def progress(self, line: str) -> None:
        """Show *line* until the next one comes."""
        if line != self._last:
            self._last = line
            self._tell(line, engine_pb2.INFO, ephemeral=True)

    def info(self, text: str) -> None:
        """Say *text* so that it stays."""
        self._tell(text, engine_pb2.INFO, ephemeral=False)

    def warning(self, text: str) -> None:
        """Warn so that it stays."""
        self._tell(text, engine_pb2.WARNING, ephemeral=False)

    def _tell(
        self, text: str, severity: engine_pb2.LogSeverity.ValueType, *, ephemeral: bool
    ) -> None:
        if self._engine is not None:
            self._engine.Log(
                engine_pb2.LogRequest(
                    severity=severity, message=text, urn=self._urn, ephemeral=ephemeral
                )
            )


class DockerProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Answer the engine's questions about `docker.Image`."""

    def __init__(self, engine: str) -> None:
        self._daemon = Daemon()
        self._engine = self._connect(engine)

    @override
    def Attach(self, request: Any, context: Any) -> Empty:
        self._engine = self._connect(request.address)
        return Empty()

    @override
    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=DOCKER)

    @override
    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        if request.version:
            _fail(context, f"unsupported schema version {request.version}")
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps({"name": "docker", "version": DOCKER})
        )

    # The provider itself

    @override
    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        news = plain(request.news)
        name = request.urn.rpartition("::")[2]
        unknown = sorted(key for key in news if not _is_setting(key))
        if unknown:
            return _refused_config(
                f"Invalid or unknown key. Examine values at '{name}.{unknown[0]}'."
            )
        try:
            auths = json.loads(news.get("registryAuth") or "[]")
        except ValueError as error:
            _fail(context, f"CheckConfig failed because of malformed resource inputs: {error}")
        if any(not auth.get("address") for auth in auths):
            return _refused_config(
                'Missing required argument. The argument "registry_auth.0.address" is required, '
                f"but no definition was found.. Examine values at '{name}.registryAuth'."
            )
        inputs = Struct()
        inputs.CopyFrom(request.news)
        if any(auth.get("password") for auth in auths):
            inputs.fields["registryAuth"].CopyFrom(_secret(news["registryAuth"]))
        return provider_pb2.CheckResponse(inputs=inputs)

    @override
    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
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
                    kind=KINDS[Change.UPDATE if key in olds else Change.ADD], inputDiff=True
                )
                for key in changed
            },
        )

    @override
    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        """Find the daemon and make sure that it answers."""
        settings = {
            key.removeprefix("docker:config:"): value for key, value in request.variables.items()
        }
        try:
            self._daemon = find_daemon(settings)
        except DaemonError as error:
            _fail(context, f"{CONFIGURE_FAULT}{error}")
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, supports_autonaming_configuration=True
        )

    # An image

    @override
    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        _require_image(request.urn, context)
        log = Log(self._engine, request.urn)
        try:
            checked = image.check(plain(request.news), log.info)
        except InvalidImageError as error:
            _fail(context, str(error))
        return provider_pb2.CheckResponse(inputs=struct(checked))

    @override
    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        _require_image(request.urn, context)
        changed = image.changes(plain(request.olds).get("__inputs"), plain(request.news))
        if not changed:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=list(changed),
            hasDetailedDiff=True,
            detailedDiff={
                key: provider_pb2.PropertyDiff(kind=KINDS[change])
                for key, change in changed.items()
            },
        )

    @override
    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        _require_image(request.urn, context)
        inputs = plain(request.properties)
        properties = self._made(request.urn, inputs, context, preview=request.preview)
        name = "" if inputs.get("imageName") == UNKNOWN else inputs.get("imageName", "")
        return provider_pb2.CreateResponse(id=name, properties=properties)

    @override
    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        _require_image(request.urn, context)
        inputs = plain(request.news)
        properties = self._made(request.urn, inputs, context, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=properties)

    @override
    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        """Return what is known already: nobody looks whether the image is still there."""
        return provider_pb2.ReadResponse(
            id=request.id, inputs=request.inputs, properties=request.properties
        )

    @override
    def Delete(self, request: Any, context: Any) -> Empty:
        """Delete nothing: the image stays in its registry."""
        return Empty()

    @override
    def Cancel(self, request: Any, context: Any) -> Empty:
        """Stop nothing: a build that runs is finished and saved."""
        return Empty()

    def _made(self, urn: str, inputs: dict[str, Any], call: Any, *, preview: bool) -> Struct:
        log = Log(self._engine, urn)
        if preview and not inputs.get("buildOnPreview", True):
            return struct(inputs)
        if preview and not image.is_known(inputs):
            log.warning(NOT_BUILT)
            return struct(inputs)
        try:
            return self._built(inputs, log, call, push=not preview)
        except (DaemonError, buildcontext.ContextError, logins.LoginError) as error:
            _fail(call, str(error))

    def _built(self, inputs: dict[str, Any], log: Log, call: Any, *, push: bool) -> Struct:
        name = inputs.get("imageName", "")
        build = image.table(inputs.get("build"))
        folder = build.get("context", ".")
        dockerfile = build.get("dockerfile", posixpath.join(folder, "Dockerfile"))
        registry = image.table(inputs.get("registry"))
        _require_still_there(folder, dockerfile)
        known = logins.of_person()
        login = logins.for_image(name, registry, known, log.warning)
        if login is not None:
            known = {**known, reference.registry(name): login}
        cached = self._cached(build, known, log)
        log.progress("Starting Docker build")
        with tempfile.TemporaryFile() as archive:
            inside = buildcontext.write_archive(folder, dockerfile, archive)
            wanted = Build(
                name=name,
                dockerfile=inside,
                platform=build.get("platform", ""),
                target=build.get("target", ""),
                network=build.get("network", ""),
                args=build.get("args") or {},
                hosts=build.get("addHosts") or [],
                cache_from=cached,
                legacy=build.get("builderVersion") == image.LEGACY_BUILDER,
            )
            built = self._daemon.build(wanted, archive, known, log.progress, call)
        log.progress(f'Built image with local id "{built}", polling image store for image')
        self._daemon.wait_for(built)
        log.progress(f'Image built successfully, local id "{built}"')
        if push and not inputs.get("skipPush"):
            log.progress("Pushing Image to the registry")
            digest = self._daemon.push(name, login, log.progress, call)
            log.progress(f"Pushed image with digest {digest}")
            digest = f"{reference.repository(name)}@{digest}"
        else:
            digest = self._daemon.image_id(name)
        outputs = struct(
            {
                "imageName": name,
                "baseImageName": name,
                "registryServer": registry.get("server", ""),
                "context": folder,
                "dockerfile": _inside(dockerfile, folder),
                "platform": build.get("platform", ""),
                "repoDigest": digest,
            }
        )
        outputs.fields["__inputs"].CopyFrom(_secret(inputs))
        return outputs

    def _cached(
        self, build: Mapping[str, Any], known: Mapping[str, Credentials], log: Log
    ) -> list[str]:
        images: list[str] = image.table(build.get("cacheFrom")).get("images") or []
        for name in images:
            try:
                self._daemon.pull(name, known.get(reference.registry(name)))
            except DaemonError as error:
                log.progress(
                    f"cacheFrom image {name} not available: error pulling cached image {name}: "
                    f"Error response from daemon: {error}"
                )
        return images

    @staticmethod
    def _connect(engine: str) -> Any:
        if not engine:
            return None
        return engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine, options=OPTIONS))


def find_daemon(settings: Mapping[str, str]) -> Daemon:
    """Return the daemon of the provider's *settings*, else of the environment; it has answered."""
    named = settings.get("host") or os.environ.get("DOCKER_HOST")
    hosts = [named] if named else [daemon.DEFAULT_HOST, *_desktop_hosts()]
    tls = _tls(settings)
    for host in hosts:
        found = Daemon(daemon.require_host(host), tls)
        try:
            found.ping()
        except DaemonError:
            continue
        return found
    raise DaemonError(NO_DAEMON)


def plain(message: Struct) -> dict[str, Any]:
    """Return a message as Python values."""
    return {key: _plain(value) for key, value in message.fields.items()}


def struct(values: Mapping[str, Any]) -> Struct:
    """Return Python values as a message."""
    message = Struct()
    message.update(values)
    return message


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        inner = plain(value.struct_value)
        # The engine unwraps secrets for this provider, all but those of its own configuration.
        return inner["value"] if inner.get(SIGNATURE) == SEALED else inner
    if kind == "list_value":
        return [_plain(one) for one in value.list_value.values]
    return None if kind is None or kind == "null_value" else getattr(value, kind)


def _secret(value: Any) -> Value:
    return Value(struct_value=struct({SIGNATURE: SEALED, "value": value}))


def _tls(settings: Mapping[str, str]) -> Any:
    texts = [settings.get(key, "") for key in ("caMaterial", "certMaterial", "keyMaterial")]
    folder = settings.get("certPath", "")
    if any(texts):
        if folder:
            raise DaemonError("when using raw certificates, certPath must not be specified")
        return daemon.tls_from_text(*texts)
    if not folder and os.environ.get("DOCKER_TLS_VERIFY"):
        folder = os.environ.get("DOCKER_CERT_PATH", "")
    return daemon.tls_from_files(folder) if folder else None


def _desktop_hosts() -> list[str]:
    home = Path.home() / ".docker"
    return [f"unix://{home / part / 'docker.sock'}" for part in ("run", "desktop")]


def _require_image(urn: str, context: Any) -> None:
    kind = urn.split("::")[2].rpartition("$")[2]
    if kind != TYPE:
        _fail(
            context,
            f"this docker plugin knows {TYPE} only, not {kind}. "
            f"Set OV_PULUMI_BIN to the folder of an official Pulumi with its docker plugin",
        )


def _require_still_there(folder: str, dockerfile: str) -> None:
    for path, place in ((folder, "context path"), (dockerfile, "Dockerfile path")):
        try:
            buildcontext.resolve(path)
        except buildcontext.ContextError as error:
            raise DaemonError(
                f"error resolving context: unable to evaluate symlinks in {place}: {error}"
            ) from error


def _inside(dockerfile: str, folder: str) -> str:
    return posixpath.relpath(posixpath.abspath(dockerfile), posixpath.abspath(folder))


def _is_setting(key: str) -> bool:
    return key in SETTINGS or key.startswith("__")


def _refused_config(reason: str) -> provider_pb2.CheckResponse:
    return provider_pb2.CheckResponse(
        failures=[
            provider_pb2.CheckFailure(
                property="", reason=f"could not validate provider configuration: {reason}"
            )
        ]
    )


def _fail(context: Any, text: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, text)
    raise AssertionError  # abort has raised


def _end(number: signal.Signals) -> None:
    # As the official one: an interrupt waits for what runs, a termination does not.
    if number == signal.SIGTERM:
        os._exit(128 + number)


def main() -> None:
    """Serve the engine whose address is on the command line."""
    addresses = [word for word in sys.argv[1:] if not word.startswith("-")]
    provider = DockerProvider(addresses[0] if addresses else "")
    serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server),
        on_end=_end,
    )
