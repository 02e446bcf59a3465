"""Base images: what a layer holds, what an image shares, and when one is made again."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import images
from sandbox.errors import Refusal
from sandbox.images import image, layer, root
from sandbox.images.distribution import Registry
from sandbox.images.image import Image
from sandbox.images.recipes import BASES, DEBIAN, PYTHON
from sandbox.instance import Instance
from sandbox.process import attempt
from sandbox.toolchain import Toolchain
from tests.apps.ports import free_port


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return a small root file system."""
    top = tmp_path / "root"
    (top / "etc").mkdir(parents=True)
    (top / "etc/kept").write_text("kept")
    (top / "etc/changed").write_text("before")
    (top / "etc/removed").write_text("removed")
    (top / "etc/link").symlink_to("kept")
    (top / "proc").mkdir()
    (top / "proc/uptime").write_text("never packed")
    return top


def names(packed: Path) -> list[str]:
    with tarfile.open(packed) as tar:
        return sorted(tar.getnames())


def test_a_layer_holds_everything_but_what_each_container_makes_anew(top: Path) -> None:
    layer.pack(top, top.parent / "layer")

    assert names(top.parent / "layer") == [
        *("etc", "etc/changed", "etc/kept", "etc/link", "etc/removed", "proc")
    ]


def test_the_next_layer_holds_what_changed_and_hides_what_went(top: Path) -> None:
    before = layer.looks(top)
    (top / "etc/changed").write_text("after!")
    (top / "etc/removed").unlink()
    (top / "added").mkdir(mode=0o700)

    layer.pack(top, top.parent / "layer", before)

    assert names(top.parent / "layer") == ["added", "etc/.wh.removed", "etc/changed"]


def test_a_removed_folder_is_hidden_once(top: Path) -> None:
    before = layer.looks(top)
    for path in sorted((top / "etc").iterdir()):
        path.unlink()
    (top / "etc").rmdir()

    layer.pack(top, top.parent / "layer", before)

    assert names(top.parent / "layer") == [".wh.etc"]


def test_the_same_files_are_the_same_layer(top: Path) -> None:
    first = layer.pack(top, top.parent / "first")
    second = layer.pack(top, top.parent / "second")

    assert first == second


def test_unpacking_gives_back_modes_links_and_times(top: Path) -> None:
    (top / "etc/kept").chmod(0o4755)
    os.utime(top / "etc/kept", (1_000_000, 1_000_000))
    layer.pack(top, top.parent / "layer")
    copy = top.parent / "copy"
    copy.mkdir()

    layer.unpack(top.parent / "layer", copy)

    look = (copy / "etc/kept").stat()
    assert (look.st_mode & 0o7777, look.st_mtime) == (0o4755, 1_000_000)
    assert (copy / "etc/link").readlink() == Path("kept")


def test_an_image_stands_on_its_parents_layers(top: Path, tmp_path: Path) -> None:
    parent = image.write(tmp_path / "parent", top, {"Cmd": ["sh"]}, None, {})
    before = layer.looks(top)
    (top / "more").write_text("more")
    child = image.write(tmp_path / "child", top, {"Cmd": ["more"]}, parent, before)

    assert child.layers[0] == parent.layers[0]
    assert names(child.path(child.layers[1].digest)) == ["more"]
    description = json.loads(child.path(child.config.digest).read_bytes())
    assert description["config"] == {"Cmd": ["more"]}
    assert len(description["rootfs"]["diff_ids"]) == 2


def test_every_part_is_stored_under_its_digest(top: Path, tmp_path: Path) -> None:
    made = image.write(tmp_path / "made", top, {}, None, {})

    for blob in (*made.layers, made.config):
        content = made.path(blob.digest).read_bytes()
        assert (image.digest_of(content), len(content)) == (blob.digest, blob.size)


def test_a_parent_is_made_before_its_children() -> None:
    for place, base in enumerate(BASES):
        assert base.parent is None or base.parent in BASES[:place]


def test_no_base_floats() -> None:
    assert all(base.tag[0].isdigit() for base in BASES)


def test_another_package_is_another_image_and_so_are_those_on_top(tmp_path: Path) -> None:
    toolchain = Toolchain(programs=(), debs=tmp_path)

    def key(base: images.BaseImage) -> str:
        return base.recipe(tmp_path, toolchain).digest()

    richer = replace(DEBIAN, packages=("vim",))

    assert key(richer) != key(DEBIAN)
    assert key(replace(PYTHON, parent=richer)) != key(PYTHON)
    assert key(replace(PYTHON)) == key(PYTHON)


def test_a_machine_whose_apt_knows_no_debian_12_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_argv: object) -> subprocess.CompletedProcess[str]:
        said = "http://mirror/ubuntu/ noble main\nhttp://mirror/debian/ bookworm contrib\n"
        return subprocess.CompletedProcess([], 0, said, "")

    monkeypatch.setattr(root, "attempt", other)

    with pytest.raises(Refusal, match="knows no Debian 12"):
        root.mirror()


def test_the_mirror_is_the_machines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def own(_argv: object) -> subprocess.CompletedProcess[str]:
        said = "http://m/security/ bookworm-security main\nhttp://m/debian/ bookworm main\n"
        return subprocess.CompletedProcess([], 0, said, "")

    monkeypatch.setattr(root, "attempt", own)

    assert root.mirror() == "http://m/debian/"


def test_what_the_registry_holds_is_remembered(tmp_path: Path) -> None:
    instance = replace(Instance.from_environment(), state=tmp_path)

    images.remember(instance, {"a:1": "r/a:1@sha256:1"})
    images.remember(instance, {"b:1": "r/b:1@sha256:2"})

    assert images.references(instance) == {"a:1": "r/a:1@sha256:1", "b:1": "r/b:1@sha256:2"}


def test_a_registry_that_is_down_is_one_clear_line() -> None:
    with pytest.raises(Refusal, match="does not answer"):
        Registry("127.0.0.1:9").digest("sandbox/debian", "12")


@pytest.fixture
def registry(tools: Toolchain, tmp_path: Path) -> Generator[Registry]:
    """Run the real registry with nothing in it."""
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": address},
    }
    path = tmp_path / "registry.json"
    path.write_text(json.dumps(settings))
    process = subprocess.Popen(
        [tools.path("docker-registry"), "serve", path], stderr=subprocess.DEVNULL
    )
    curl = ["curl", "--silent", "--retry-connrefused", "--retry", "20", "--retry-delay", "0"]
    assert attempt([*curl, "--retry-max-time", "10", f"http://{address}/v2/"]).stdout == "{}"
    yield Registry(address)
    process.terminate()
    process.wait()


@pytest.mark.live
def test_what_is_pushed_is_what_is_pulled(registry: Registry, top: Path, tmp_path: Path) -> None:
    made = image.write(tmp_path / "made", top, {"Cmd": ["sh"]}, None, {})

    reference = registry.push(made, "sandbox/small", "1")
    registry.push(made, "sandbox/again", "1")

    assert reference == f"{registry.address}/sandbox/small:1@{made.digest}"
    for repository in ("sandbox/small", "sandbox/again"):
        folder = tmp_path / repository.replace("/", "-")
        pulled = registry.pull(repository, "1", folder)
        assert (pulled.manifest, pulled.layers) == (made.manifest, made.layers)
        assert pulled == Image(folder)
        assert {path.name for path in (folder / "blobs").iterdir()} == {
            path.name for path in (tmp_path / "made" / "blobs").iterdir()
        }


@pytest.mark.live
def test_a_tag_follows_what_was_pushed_last(registry: Registry, top: Path, tmp_path: Path) -> None:
    first = image.write(tmp_path / "first", top, {}, None, {})
    second = image.write(tmp_path / "second", top, {"Cmd": ["sh"]}, None, {})

    for made in (first, second):
        registry.push(made, "sandbox/small", "1")

    assert registry.digest("sandbox/small", "1") == second.digest
    assert registry.digest("sandbox/small", first.digest) == first.digest
    assert registry.digest("sandbox/small", "2") is None
