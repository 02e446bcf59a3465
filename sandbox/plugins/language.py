"""Pulumi's language host for Python programs, on the SDK's own gRPC stubs.

The engine starts it, reads the port it prints, and calls `Run` once for each preview or update.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
from typing_extensions import override

from sandbox.plugins.serving import serve

# The SDK's runner ends with this code when it has already shown the person what went wrong.
SHOWN = 32

RUNNER = "pulumi-language-python-exec"


class MissingInterpreterError(Exception):
    """Say which interpreter Pulumi.yaml asks for, that it is missing, and how to make it."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Run Python programs for the engine."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._programs: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = False

    @override
    def Handshake(self, request: Any, context: Any) -> language_pb2.LanguageHandshakeResponse:
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    @override
    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    @override
    def GetRequiredPackages(
        self, request: Any, context: Any
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Name none: each resource names its plugin's version, and it must be there already."""
        return language_pb2.GetRequiredPackagesResponse()

    @override
    def GetRequiredPlugins(
        self, request: Any, context: Any
    ) -> language_pb2.GetRequiredPluginsResponse:
        return language_pb2.GetRequiredPluginsResponse()

    @override
    def RuntimeOptionsPrompts(
        self, request: Any, context: Any
    ) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    @override
    def About(self, request: Any, context: Any) -> language_pb2.AboutResponse:
        """Tell `pulumi about` which Python runs the program."""
        python = _required(request.info, context)
        version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
        return language_pb2.AboutResponse(
            executable=python, version=version.stdout.removeprefix("Python ").strip()
        )

    @override
    def GetProgramDependencies(
        self, request: Any, context: Any
    ) -> language_pb2.GetProgramDependenciesResponse:
        """Tell `pulumi about` which packages the program's Python has."""
        python = Path(_required(request.info, context))
        folders = [str(path) for path in python.parent.parent.glob("lib/python3*/site-packages")]
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in sorted(
                    installed(folders, required_too=request.transitiveDependencies)
                )
            ]
        )

    @override
    def Run(self, request: Any, context: Any) -> language_pb2.RunResponse:
        """Run the program; what it prints goes where the engine listens, in its order."""
        try:
            command = [
                interpreter(request.info),
                # Unbuffered, or what it prints comes after what its resources report.
                "-u",
                runner(),
                *self._arguments(request),
            ]
        except MissingInterpreterError as error:
            return language_pb2.RunResponse(error=str(error))
        program = self._start(command, environment(request))
        if program is None:
            return language_pb2.RunResponse(bail=True)
        code = program.wait()
        self._programs.discard(program)
        if code == SHOWN or self._ended:
            return language_pb2.RunResponse(bail=True)
        if code:
            return language_pb2.RunResponse(error=_ending(code))
        return language_pb2.RunResponse()

    @override
    def Cancel(self, request: Any, context: Any) -> Empty:
        self.end()
        return Empty()

    def end(self) -> None:
        """End the running programs and start no other."""
        with self._lock:
            self._ended = True
            for program in self._programs:
                program.terminate()

    def _start(self, command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ended:
                return None
            program = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
            self._programs.add(program)
            return program

    def _arguments(self, request: Any) -> list[str]:
        info = request.info
        return [
            "--monitor",
            request.monitor_address,
            "--engine",
            self._engine,
            "--project",
            request.project,
            "--stack",
            request.stack,
            "--organization",
            request.organization,
            "--parallel",
            str(request.parallel),
            "--dry_run",
            "true" if request.dryRun else "false",
            "--pwd",
            request.pwd,
            "--root_directory",
            info.root_directory,
            str(Path(info.program_directory) / info.entry_point),
            *request.args,
        ]


def interpreter(info: Any) -> str:
    """Return the Python that Pulumi.yaml's `virtualenv` names; python3 on PATH without it."""
    options = dict(info.options)
    named = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else None)
    if not named:
        python = shutil.which(os.environ.get("PULUMI_PYTHON_CMD") or "python3")
        if python is None:
            raise MissingInterpreterError("There is no python3 on PATH. Install Python 3.11")
        return python
    folder = Path(info.root_directory) / str(named)
    python = folder / "bin" / "python"
    if not python.is_file():
        state = "is no virtual environment" if folder.is_dir() else "does not exist"
        needed = Path(info.program_directory) / "requirements.txt"
        raise MissingInterpreterError(
            f"Pulumi.yaml sets virtualenv to {str(named)!r}, but {folder} {state}.\n"
            f"Type: python3 -m venv {folder} && {python} -m pip install -r {needed}"
        )
    return str(python)


def runner() -> str:
    """Return the SDK's program that runs a Pulumi program, which lies beside the engine."""
    found = shutil.which(RUNNER)
    if found is None:
        raise MissingInterpreterError(
            f"{RUNNER} is not on PATH; it belongs beside pulumi. Type: make up"
        )
    return found


def environment(request: Any) -> dict[str, str]:
    """Return what the program finds in its environment: its configuration and its Python."""
    env = dict(os.environ)
    env.pop("PYTHONHOME", None)
    python = Path(interpreter(request.info))
    if (python.parent.parent / "pyvenv.cfg").is_file():
        env["VIRTUAL_ENV"] = str(python.parent.parent)
        env["PATH"] = f"{python.parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["PULUMI_CONFIG"] = json.dumps(dict(request.config))
    env["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
    return env


def installed(folders: list[str], *, required_too: bool) -> Iterator[tuple[str, str]]:
    """Yield name and version of each package in *folders*; those others need if *required_too*."""
    found = list(metadata.distributions(path=folders))
    needed = {
        _canonical(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
        for distribution in found
        for requirement in distribution.requires or []
        if "extra ==" not in requirement
    }
    for distribution in found:
        name = distribution.metadata["Name"]
        if required_too or _canonical(name) not in needed:
            yield name, distribution.version


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _required(info: Any, context: Any) -> str:
    try:
        return interpreter(info)
    except MissingInterpreterError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        raise


def _ending(code: int) -> str:
    if code < 0:
        return f"Program was ended by signal {-code}"
    return f"Program exited with non-zero exit code: {code}"


def main() -> None:
    """Serve the engine whose address is on the command line."""
    addresses = [word for word in sys.argv[1:] if not word.startswith("-")]
    host = LanguageHost(addresses[0] if addresses else "")
    serve(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server),
        # The engine waits five seconds for each plugin that lingers.
        on_end=lambda _: host.end(),
    )
