"""Nothing of the machine's own, neither credentials nor settings, reaches these tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from operations import cli, images
from operations.doctor import cluster
from operations.registry import Access
from sandbox.instance import CHECKOUT
from tests.operations.fake import FakeRegistry
from tests.operations.shell import Programs, saying

FILES = ("Pulumi.yaml", "Pulumi.openvault.yaml", "Pulumi.ov-demo.yaml")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Ov = Callable[..., Said]


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give each test empty credentials, and a project folder that is not the checkout."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker")))
    monkeypatch.setenv("PULUMI_OPTION_CWD", str(tmp_path / "project"))
    for name in ("OV_CA_FILE", "OV_KUBECONFIG", "OV_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Return a folder with the committed stacks' settings."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes((CHECKOUT / name).read_bytes())
    return folder


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    """Return the only registry that the command line can reach."""
    fake = FakeRegistry()
    monkeypatch.setattr(images, "Access", partial(Access, transport=fake.transport))
    return fake


@pytest.fixture
def programs(tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Return the programs of a shell in which all is well."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}?metadata=skip")
    monkeypatch.setattr(cluster, "client", saying(timedelta()))
    return Programs(tmp_path / "bin")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ov:
    """Return a way to type `ov …`."""

    def typed(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["ov", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capsys.readouterr()
        return Said(int(left.value.code or 0), out, err)

    return typed


@pytest.fixture
def ov(typed: Ov) -> Ov:
    """Return a way to type `ov images …`."""
    return partial(typed, "images")
