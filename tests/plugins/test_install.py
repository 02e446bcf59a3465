"""How a sandbox gets its Pulumi: the official one, or the toolchain's with our plugins."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import plugins
from sandbox.errors import Refusal
from sandbox.instance import CHECKOUT, Instance
from tests.programs import program


@dataclass(frozen=True)
class Tools:
    """A toolchain of empty programs."""

    folder: Path

    def path(self, name: str, /) -> Path:
        path = self.folder / name
        if not path.exists():
            program(path, "")
        return path


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path / "tools")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.delenv("OV_PULUMI_BIN", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("OV_STATE", str(tmp_path / "state"))
    return Instance.from_environment()


def official(folder: Path, version: str = "3.252.0") -> Path:
    program(folder / "pulumi", f"echo v{version}")
    program(folder / "pulumi-language-python", "")
    return folder


def laid(folder: Path) -> dict[str, tuple[float, int]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime, path.lstat().st_ino)
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def test_the_engine_gets_everything_it_looks_for(instance: Instance, tools: Tools) -> None:
    first = plugins.install(instance, tools)

    assert first == instance.bin
    assert set(laid(instance.state)) == {
        "bin/pulumi",
        "bin/pulumi-language-python",
        "bin/pulumi-language-python-exec",
        "bin/pulumi-resource-pulumi-python",
        "pulumi-home/plugins/resource-docker-v5.1.0/pulumi-resource-docker",
        "pulumi-home/plugins/resource-kubernetes-v4.25.0/pulumi-resource-kubernetes",
        "pulumi-home/plugins/resource-rancher2-v12.1.1/pulumi-resource-rancher2",
    }
    assert all(os.access(instance.state / path, os.X_OK) for path in laid(instance.state))


def test_the_engine_is_no_link_since_it_looks_beside_the_file_a_link_leads_to(
    instance: Instance, tools: Tools
) -> None:
    place = plugins.install(instance, tools) / "pulumi"

    assert not place.is_symlink()
    assert place.read_bytes() == tools.path("pulumi").read_bytes()


def test_installing_again_changes_nothing(instance: Instance, tools: Tools) -> None:
    plugins.install(instance, tools)
    before = laid(instance.state)

    plugins.install(instance, tools)

    assert laid(instance.state) == before


def test_installing_again_mends_what_is_broken_and_follows_a_new_toolchain(
    instance: Instance, tools: Tools, tmp_path: Path
) -> None:
    folder = plugins.install(instance, tools)
    (folder / "pulumi-language-python").write_text("")
    newer = Tools(tmp_path / "newer")
    program(newer.folder / "pulumi", "echo newer")

    plugins.install(instance, newer)

    assert "launch" in (folder / "pulumi-language-python").read_text()
    assert (folder / "pulumi").read_text().endswith("echo newer\n")
    assert (folder / "pulumi-language-python-exec").readlink().parent == newer.folder


def test_the_folder_somebody_names_goes_first_and_no_stand_in_is_laid(
    instance: Instance, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = official(tmp_path / "official")
    program(folder / "pulumi-resource-docker", "")
    program(folder / "pulumi-resource-rancher2", "")
    monkeypatch.setenv("OV_PULUMI_BIN", str(folder))

    assert plugins.install(instance, tools) == folder
    assert set(laid(instance.state)) == {
        "pulumi-home/plugins/resource-docker-v5.1.0/pulumi-resource-docker",
        "pulumi-home/plugins/resource-rancher2-v12.1.1/pulumi-resource-rancher2",
    }


def test_the_stand_ins_come_back_when_the_official_one_is_gone(
    instance: Instance, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins.install(instance, tools)
    plugin = "pulumi-home/plugins/resource-docker-v5.1.0/pulumi-resource-docker"
    ours = (instance.state / plugin).read_text()
    folder = official(tmp_path / "official")
    (folder / "pulumi-resource-docker").write_text(ours)
    monkeypatch.setenv("OV_PULUMI_BIN", str(folder))
    plugins.install(instance, tools)
    assert (instance.state / plugin).is_symlink()

    monkeypatch.delenv("OV_PULUMI_BIN")
    plugins.install(instance, tools)

    assert not (instance.state / plugin).is_symlink()
    assert (instance.state / plugin).read_text() == ours


def test_a_folder_without_a_pulumi_is_refused(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "half" / "pulumi", "")
    monkeypatch.setenv("OV_PULUMI_BIN", str(tmp_path / "half"))

    with pytest.raises(Refusal, match="it lacks pulumi-language-python"):
        plugins.official()


def test_an_official_pulumi_on_the_path_is_used(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = official(tmp_path / "official", "3.300.1")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    assert plugins.official() == folder


def test_an_old_pulumi_on_the_path_is_not_used(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = official(tmp_path / "official", "3.99.0")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    assert plugins.official() is None


def test_our_own_pulumi_on_the_path_is_not_taken_for_an_official_one(
    instance: Instance, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tools.folder / "pulumi", "echo v3.252.0")
    folder = plugins.install(instance, tools)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    assert plugins.official() is None


def test_only_an_official_pulumi_may_fetch_plugins(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert key in plugins.environment(instance)

    monkeypatch.setenv("OV_PULUMI_BIN", str(official(tmp_path / "official")))

    assert key not in plugins.environment(instance)


def test_the_versions_are_the_ones_that_the_program_requires() -> None:
    required = (CHECKOUT / "requirements.txt").read_text().splitlines()

    assert {f"pulumi-{name}=={version}" for name, version in plugins.PLUGINS.items()} <= set(
        required
    )


@pytest.mark.parametrize("plugin", ["language", "docker", "rancher2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_tells_its_port_and_ends_at_once_when_asked(
    instance: Instance, tools: Tools, plugin: str, number: signal.Signals
) -> None:
    folder = plugins.install(instance, tools)
    launcher = {
        "language": folder / "pulumi-language-python",
        "docker": instance.pulumi_home
        / "plugins"
        / "resource-docker-v5.1.0"
        / "pulumi-resource-docker",
        "rancher2": instance.pulumi_home
        / "plugins"
        / "resource-rancher2-v12.1.1"
        / "pulumi-resource-rancher2",
    }[plugin]
    with subprocess.Popen([launcher], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        assert 0 < int(running.stdout.readline()) < 65536
        began = time.monotonic()
        running.send_signal(number)
        try:
            assert running.wait(10) in {0, 128 + signal.SIGTERM}
        finally:
            running.kill()
        assert time.monotonic() - began < 2
        assert running.stderr.read() == b""


def test_a_plugin_loads_the_protocol_and_not_the_sdk() -> None:
    code = (
        "from sandbox.plugins.launch import skip_sdk; skip_sdk(); import sys;"
        "import sandbox.plugins.docker, sandbox.plugins.language;"
        "import sandbox.plugins.rancher2.server;"
        "print(sorted({'pulumi.output', 'pulumi_docker', 'pulumi_rancher2', 'rich', 'httpx'}"
        " & set(sys.modules)))"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert said == "[]\n"
