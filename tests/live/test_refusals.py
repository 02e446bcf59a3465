"""What is wrong is refused by the real engine: what, why, what to type, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.platform import Platform

pytestmark = pytest.mark.live

# Key → a wrong value (None: missing), and what a person is told.
WRONG: dict[str, tuple[str, Any, str]] = {
    "no address": ("siteUrl", None, "openvault:siteUrl is missing or empty"),
    "an address without a scheme": ("siteUrl", "demo.example.org", "scheme and host"),
    "an empty context": ("kubeContext", "", "openvault:kubeContext is missing or empty"),
    "a context nobody knows": ("kubeContext", "elsewhere", "is in no kubeconfig"),
    "a mistyped key": ("siteURL", "https://demo.example.org", "did you mean siteUrl?"),
    "a wrong type": ("jumpbox", "perhaps", "jumpbox"),
    "an image that moves": ("frontendImage", "docker.io/wgbhmla/ov-frontend:latest", "latest"),
    "an image without tag and digest": ("frontendImage", "docker.io/wgbhmla/ov-frontend", "tag"),
    "a secret in clear": ("secretKey", "k" * 60, "openvault:secretKey is stored in clear"),
}


def refused(platform: Platform, *words: str, **env: str) -> str:
    """Return what the engine says when it refuses."""
    done = platform.run(
        "pulumi", *words, "--non-interactive", "--color", "never", env=env, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_refused(platform: Platform, tmp_path: Path, case: str) -> None:
    key, value, told = WRONG[case]
    settings = yaml.safe_load((platform.instance.stacks / "Pulumi.ov-demo.yaml").read_text())
    settings["config"].pop(f"openvault:{key}", None)
    if value is not None:
        settings["config"][f"openvault:{key}"] = value
    file = tmp_path / "Pulumi.ov-demo.yaml"
    file.write_text(yaml.safe_dump(settings))

    said = refused(platform, "up", "--yes", "-s", "ov-demo", "--config-file", str(file))

    assert told in said
    platform.run("pulumi", "preview", "-s", "ov-demo", "--expect-no-changes")


def test_a_third_stack_is_refused(platform: Platform, tmp_path: Path) -> None:
    elsewhere = {"PULUMI_BACKEND_URL": tmp_path.as_uri()}
    platform.run("pulumi", "stack", "init", "ov-test", "--non-interactive", env=elsewhere)
    try:
        said = refused(platform, "preview", "-s", "ov-test", **elsewhere)
    finally:
        (platform.instance.stacks / "Pulumi.ov-test.yaml").unlink(missing_ok=True)
    assert "openvault and ov-demo" in said


def test_a_cluster_that_does_not_answer_is_refused(platform: Platform, tmp_path: Path) -> None:
    # Port 9 is for discarding what arrives; nothing listens there.
    text = platform.instance.kubeconfig.read_text()
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(text.replace(platform.instance.api_server, "https://127.0.0.1:9"))

    said = refused(platform, "up", "--yes", "-s", "ov-demo", KUBECONFIG=str(nowhere))

    assert "does not answer: https://127.0.0.1:9: connection refused" in said
    assert "Type: kubectl --context" in said
