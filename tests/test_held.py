"""The cluster is asked what it holds by kubectl, as a person would ask it."""

from __future__ import annotations

import os
from pathlib import Path

import pulumi
import pytest

from components import held
from components.held import Claim, Cluster


def program(patch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Let kubectl be what *script* says."""
    path = folder / "kubectl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    patch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def refusal() -> str:
    """Return what a person reads when the cluster cannot be asked."""
    with pytest.raises(pulumi.RunError) as refused:
        Cluster(context="somewhere").ask_claims("ov-demo")()
    return str(refused.value)


def test_it_is_asked_about_the_stacks_own_context_and_namespace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(monkeypatch, tmp_path, f'echo "$*" > {tmp_path}/asked; echo \'{{"items": []}}\'')

    assert Cluster(context="somewhere").ask_claims("ov-demo")() == {}
    assert (tmp_path / "asked").read_text() == (
        "--context=somewhere get persistentvolumeclaims --namespace=ov-demo --output=json\n"
    )


def test_without_kubectl_a_person_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert refusal() == (
        "What the cluster holds of this stack could not be read: kubectl is not installed, or not "
        "in a folder of PATH. Nothing was changed.\n    Type: kubectl version"
    )


def test_what_kubectl_says_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, "echo first >&2; echo 'error: You must log in' >&2; exit 1")

    said = refusal()

    assert "could not be read: error: You must log in. Nothing was changed" in said
    assert "Type: kubectl --context=somewhere get persistentvolumeclaims" in said


def test_the_program_goes_on_while_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    program(monkeypatch, tmp_path, f"cat {told}; echo x > {told}; echo '{{\"items\": []}}'")
    os.mkfifo(told)

    answer = Cluster(context="somewhere").ask_claims("ov-demo")
    # Until this is said, kubectl waits: nobody could have waited for kubectl.
    told.write_text("")

    with told.open() as asked:
        assert asked.read() == "x\n"
    assert answer() == {}


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, "exec sleep 20")
    monkeypatch.setattr(held, "PATIENCE", 0.2)

    assert "there was no answer in 0.2 seconds" in refusal()


@pytest.mark.parametrize(
    ("size", "mebibytes"),
    [("1Gi", 1024), ("512Mi", 512), ("1048576", 1), ("2Ti", 2 * 1024**2), ("1.5Gi", 1536)],
)
def test_a_size_is_read_however_it_is_spelled(size: str, mebibytes: float) -> None:
    assert Claim(size=size, storage_class="", facts={}).mebibytes == mebibytes


def test_decimal_sizes_are_smaller_than_binary_ones() -> None:
    decimal, binary = (Claim(size=size, storage_class="", facts={}) for size in ("10G", "10Gi"))

    assert 0.93 < decimal.mebibytes / binary.mebibytes < 0.94
