"""Files and templates of the cluster."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
import yaml

from sandbox import files
from sandbox.cluster import templates
from sandbox.instance import Instance

EXTRA = {"CNI": "/cni", "RUN": "/run", "HOST_IP": "1", "SITES": "", "MODULES": "/m", "PORT": "443"}


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(name="test", index=1, state=tmp_path, cache=tmp_path, https_port=8443)


def test_a_file_is_written_once(tmp_path: Path) -> None:
    assert files.write(tmp_path / "deep" / "file", "text")
    assert not files.write(tmp_path / "deep" / "file", "text")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_a_file_that_others_may_read_by_now_is_closed_again(tmp_path: Path) -> None:
    files.write(tmp_path / "key", "secret", files.PRIVATE)
    (tmp_path / "key").chmod(0o644)

    assert files.write(tmp_path / "key", "secret", files.PRIVATE)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name", sorted(path.name for path in resources.files("sandbox.cluster.manifests").iterdir())
)
def test_every_template_finds_what_it_asks_for(instance: Instance, name: str) -> None:
    filled = {**templates.values(instance), **EXTRA, "PROXY_PROTOCOL": "8443", "AUTHORITY": "1"}

    text = templates.render(name, filled)

    assert not templates.PLACE.search(text)
    if name.endswith(".yaml"):
        assert list(yaml.safe_load_all(text))
