"""The docker provider's `Image`, in place of the official plugin where that is missing.

It decides, builds, pushes and answers as version 5.1.0 does on the same inputs; only where that one
crashes, this one says what is wrong. It keeps nothing of its own: what it knows is in the state.
"""

import json
import os
import posixpath
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, provider_pb2
from typing_extensions import override

from sandbox.plugins import DOCKER, buildcontext, daemon, image, logins, reference
from sandbox.plugins.daemon import Build, Credentials, Daemon, DaemonError
from sandbox.plugins.image import InvalidImageError
from sandbox.plugins.provider import (
    Provider,
    accepted,
    fail,
    refused_settings,
    serve_provider,
    type_of,
)
from sandbox.plugins.values import UNKNOWN, Change, plain, secret, struct, table

TYPE = "docker:index/image:Image"

CONFIGURE_FAULT = "docker native provider returned an unexpected error from Configure: "
NO_DAEMON = "failed to connect to any docker daemon"
NOT_BUILT = (
    "Minimum inputs for build are unresolved. Continuing without preview image build. "
    "To avoid this warning, ensure image name, dockerfile, args, and context are resolved at "
    "preview."
)

SETTINGS = frozenset(
    {
        "host",
        "context",
        "certPath",
        "caMaterial",
        "certMaterial",
        "keyMaterial",
        "registryAuth",
        "sshOpts",
        "disableDockerDaemonCheck",
    }
)

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


class DockerProvider(Provider):
    """Answer the engine's questions about `docker.Image`."""

    name = "docker"
    version = DOCKER
    settings = SETTINGS

    def __init__(self, engine: str) -> None:
        super().__init__(engine)
        self._daemon = Daemon()

    # The provider itself

    @override
    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        news = plain(request.news)
        name = request.urn.rpartition("::")[2]
        unknown = self.unknown_settings(news)
        if unknown:
            return refused_settings(
                f"Invalid or unknown key. Examine values at '{name}.{unknown[0]}'."
            )
        try:
            auths = json.loads(news.get("registryAuth") or "[]")
        except ValueError as error:
            fail(context, f"CheckConfig failed because of malformed resource inputs: {error}")
        if any(not auth.get("address") for auth in auths):
            return refused_settings(
                'Missing required argument. The argument "registry_auth.0.address" is required, '
                f"but no definition was found.. Examine values at '{name}.registryAuth'."
            )
        inputs = Struct()
        inputs.CopyFrom(request.news)
        if any(auth.get("password") for auth in auths):
            inputs.fields["registryAuth"].CopyFrom(secret(news["registryAuth"]))
        return provider_pb2.CheckResponse(inputs=inputs)

    @override
    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        """Find the daemon and make sure that it answers."""
        try:
            self._daemon = find_daemon(self.configured(request))
        except DaemonError as error:
            fail(context, f"{CONFIGURE_FAULT}{error}")
        return accepted()

    # An image

    @override
    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        self._require_image(request.urn, context)
        log = Log(self._engine, request.urn)
        try:
            checked = image.check(plain(request.news), log.info)
        except InvalidImageError as error:
            fail(context, str(error))
        return provider_pb2.CheckResponse(inputs=struct(checked))

    @override
    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        self._require_image(request.urn, context)
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
        self._require_image(request.urn, context)
        inputs = plain(request.properties)
        properties = self._made(request.urn, inputs, context, preview=request.preview)
        name = "" if inputs.get("imageName") == UNKNOWN else inputs.get("imageName", "")
        return provider_pb2.CreateResponse(id=name, properties=properties)

    @override
    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        self._require_image(request.urn, context)
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

    def _require_image(self, urn: str, context: Any) -> None:
        if type_of(urn) != TYPE:
            self.refuse_type(type_of(urn), TYPE, context)

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
            fail(call, str(error))

    def _built(self, inputs: dict[str, Any], log: Log, call: Any, *, push: bool) -> Struct:
        name = inputs.get("imageName", "")
        build = table(inputs.get("build"))
        folder = build.get("context", ".")
        dockerfile = build.get("dockerfile", posixpath.join(folder, "Dockerfile"))
        registry = table(inputs.get("registry"))
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
        outputs.fields["__inputs"].CopyFrom(secret(inputs))
        return outputs

    def _cached(
        self, build: Mapping[str, Any], known: Mapping[str, Credentials], log: Log
    ) -> list[str]:
        images: list[str] = table(build.get("cacheFrom")).get("images") or []
        for name in images:
            try:
                self._daemon.pull(name, known.get(reference.registry(name)))
            except DaemonError as error:
                log.progress(
                    f"cacheFrom image {name} not available: error pulling cached image {name}: "
                    f"Error response from daemon: {error}"
                )
        return images


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


def main() -> None:
    """Serve the engine that starts this plugin."""
    serve_provider(DockerProvider)
