"""Several sandboxes on one machine, of which none touches another."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.instance import INDEX, Instance

# What two of them may share: what was compiled, and the checkout.
SHARED = {"cache"}


def own(instance: Instance) -> dict[str, object]:
    """Return all that an instance has, by name."""
    names = [name for name in dir(type(instance)) if not name.startswith("_")]
    values = {name: getattr(instance, name) for name in names}
    return {name: at for name, at in values.items() if not callable(at) and name not in SHARED}


def test_no_two_sandboxes_share_a_folder_an_address_or_a_port(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OV_STATE", str(tmp_path))
    monkeypatch.delenv("OV_HTTPS_PORT", raising=False)
    found: list[dict[str, object]] = []
    shared: set[Path] = set()
    for name in INDEX:
        monkeypatch.setenv("OV_SANDBOX", name)
        instance = Instance.from_environment()
        found.append(own(instance))
        shared.add(instance.cache)

    assert len(found) == len(INDEX) > 2
    for key in found[0]:
        assert len({str(each[key]) for each in found}) == len(found), key
    assert len(shared) == 1


def test_all_that_a_sandbox_keeps_is_in_its_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OV_STATE", str(tmp_path))
    monkeypatch.setenv("OV_SANDBOX", "test")

    places = [at for at in own(Instance.from_environment()).values() if isinstance(at, Path)]

    assert places
    assert all(at.is_relative_to(tmp_path / "test") for at in places)
