"""The cluster is looked at before anything is sent to it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.cluster import require_cluster
from declared.stacks import kubeconfig, kubeconfig_of
from tests.stacks import up


def put(path: Path, content: Any) -> Path:
    """Write a kubeconfig."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def refusal(patch: pytest.MonkeyPatch, *paths: Path, context: str = "ov-demo") -> str:
    """Return what a person is told about *context* of these kubeconfigs."""
    patch.setenv("KUBECONFIG", ":".join(map(str, paths)))
    with pytest.raises(pulumi.RunError) as refused:
        require_cluster(context, "ov-demo")
    return str(refused.value)


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_cluster_that_listens_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig()))

    require_cluster("ov-demo", "ov-demo")


def test_a_context_that_is_nowhere_is_told_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = refusal(monkeypatch, kubeconfig(), context="elsewhere")

    assert told == (
        f"Context 'elsewhere' (kubeContext) is in no kubeconfig: looked at {kubeconfig()}; "
        "they have openvault, ov-demo, renamed. Nothing was changed.\n"
        "    Type: pulumi config set kubeContext CONTEXT -s ov-demo"
    )


def test_a_kubeconfig_that_is_not_there_has_no_context(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "they have no context" in refusal(monkeypatch, tmp_path / "none")


def test_without_kubeconfig_the_usual_place_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)

    with pytest.raises(pulumi.RunError, match=str(tmp_path / ".kube" / "config")):
        require_cluster("ov-demo", "ov-demo")


def test_several_kubeconfigs_are_one_and_the_first_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = put(tmp_path / "dead", kubeconfig_of(f"https://127.0.0.1:{closed_port()}"))
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig()}:{dead}")

    require_cluster("ov-demo", "ov-demo")


def test_a_cluster_that_does_not_answer_is_told_with_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = f"https://127.0.0.1:{closed_port()}"

    told = refusal(monkeypatch, put(tmp_path / "config", kubeconfig_of(server)))

    assert told == (
        f"The cluster of context 'ov-demo' does not answer: {server}: connection refused. "
        "Nothing was changed.\n"
        "    Type: kubectl --context ov-demo get --raw /readyz"
    )


def test_a_user_without_credentials_is_told_instead_of_asked_at_a_hidden_prompt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = kubeconfig_of("https://127.0.0.1:6443")
    bare["users"][0]["user"] = {}

    told = refusal(monkeypatch, put(tmp_path / "config", bare))

    assert "no credentials of user 'somebody'" in told


@pytest.mark.parametrize("content", ["{", "[1, 2", "a: b: c"])
def test_a_file_that_is_no_kubeconfig_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    path = put(tmp_path / "config", content)

    assert refusal(monkeypatch, path).startswith(f"{path} is no kubeconfig: ")


@pytest.mark.parametrize("server", ["", "cluster.example.org"])
def test_an_address_without_a_scheme_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: str
) -> None:
    told = refusal(monkeypatch, put(tmp_path / "config", kubeconfig_of(server)))

    assert "an address with scheme and host is needed" in told


def test_a_cluster_behind_a_proxy_is_the_proxys_to_reach(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    behind = kubeconfig_of(f"https://127.0.0.1:{closed_port()}")
    behind["clusters"][0]["cluster"]["proxy-url"] = "socks5://127.0.0.1:1080"
    monkeypatch.setenv("KUBECONFIG", str(put(tmp_path / "config", behind)))

    require_cluster("ov-demo", "ov-demo")


def test_the_program_asks_before_it_registers_anything() -> None:
    with pytest.raises(pulumi.RunError, match="is in no kubeconfig"):
        up("ov-demo", kubeContext="elsewhere")
