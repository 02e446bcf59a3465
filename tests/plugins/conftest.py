"""What the tests on a running sandbox share."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox.instance import Instance
from sandbox.toolchain import locate
from tests.plugins.project import ImageProject
from tests.plugins.rancher import Plugin, plugin

# Inside the sandbox's network namespace; Docker allows plain HTTP on loopback.
GUARDED = "127.0.0.1:5001"

# The user `ov` with the password `guarded-sentinel`.
PASSWORDS = "ov:$2b$05$.S39lYHevkkiDu0G7YtOGedQwKgwU5TMedP492IC4lTxvnl587GsC\n"


@pytest.fixture(scope="session")
def instance() -> Instance:
    """Return the sandbox of this run, whose Docker daemon must be up."""
    found = Instance.from_environment()
    assert found.docker_socket.exists(), (
        f"sandbox {found.name} is not up; type: OV_SANDBOX={found.name} make up"
    )
    return found


@pytest.fixture
def project(tmp_path: Path, instance: Instance) -> ImageProject:
    """Lay out a project of its own for each test."""
    return ImageProject.make(tmp_path, instance)


@pytest.fixture
def rancher2() -> Generator[Plugin]:
    """Configure a rancher2 plugin for a Rancher that only records."""
    with plugin() as made:
        made.configure()
        yield made


@pytest.fixture
def repository() -> str:
    """Choose a repository that nobody else pushes to."""
    return f"plugins/{uuid.uuid4().hex[:12]}"


@pytest.fixture
def guarded_registry(tmp_path: Path, instance: Instance) -> Generator[str]:
    """Run a registry that wants a password; return its name."""
    toolchain = locate(instance.cache)
    assert toolchain is not None
    (tmp_path / "passwords").write_text(PASSWORDS)
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": GUARDED},
        "auth": {"htpasswd": {"realm": "test", "path": str(tmp_path / "passwords")}},
    }
    (tmp_path / "registry.json").write_text(json.dumps(settings))
    inside = ["nsenter", f"--net={instance.netns}"]
    with subprocess.Popen(
        [*inside, toolchain.path("docker-registry"), "serve", tmp_path / "registry.json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            ask = ["curl", "--silent", "--output", "/dev/null", f"http://{GUARDED}/v2/"]
            deadline = time.monotonic() + 20
            while subprocess.run([*inside, *ask], check=False).returncode:
                assert time.monotonic() < deadline, "the registry does not answer"
                time.sleep(0.1)
            yield GUARDED
        finally:
            server.terminate()
