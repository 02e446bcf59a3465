"""The life of a stack, by the real engine on a real cluster: `openvault`, beside `ov-demo`."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator

import pytest

from sandbox import settings
from sandbox.images import references
from tests.live.platform import Platform, eventually

pytestmark = pytest.mark.live

STACK = "openvault"


class Production:
    """The stack `openvault` on the sandbox, as the committed file wants it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi on this stack."""
        return self.platform.run(
            "pulumi", *words, "-s", STACK, "--non-interactive", "--color", "never", check=check
        )

    def up(self) -> str:
        """Deploy, and return what the engine said."""
        return self.pulumi("up", "--yes", "--skip-preview").stdout

    def set(self, key: str, value: str) -> None:
        """Choose a value."""
        self.pulumi("config", "set", key, value)

    def seal(self, key: str) -> None:
        """Choose a secret value, which no command line shows."""
        subprocess.run(
            ["pulumi", "config", "set", "--secret", key, "-s", STACK],
            env=dict(self.platform.environment),
            input=secrets.token_urlsafe(48),
            text=True, check=True, capture_output=True,
        )  # fmt: skip

    def generations(self) -> dict[str, int]:
        """Return how often each workload's specification was written."""
        found = self.platform.objects("deployments,statefulsets", stack=STACK)
        return {each["metadata"]["name"]: each["metadata"]["generation"] for each in found}

    def names(self, kind: str) -> set[str]:
        """Return the names of every object of a kind."""
        found = self.platform.objects(kind, stack=STACK)
        return {each["metadata"]["name"] for each in found}


@pytest.fixture(scope="module")
def production(platform: Platform) -> Iterator[Production]:
    instance = platform.instance
    stack = Production(platform)
    lacking = settings.write_stack(instance, references(instance), STACK)
    platform.run("pulumi", "stack", "select", "--create", STACK)
    for key in lacking:
        stack.seal(key)
    yield stack
    stack.set("protect", "false")
    stack.pulumi("state", "unprotect", "--all", "--yes")
    stack.pulumi("destroy", "--yes", "--skip-preview")
    platform.run("kubectl", "delete", "namespace", STACK, "--ignore-not-found", "--wait=true")
    stack.pulumi("stack", "rm", "--yes", "--force")


def test_a_preview_of_an_empty_cluster_succeeds_and_makes_nothing(production: Production) -> None:
    shown = production.pulumi("preview").stdout

    assert "+ kubernetes:core/v1:Namespace" in " ".join(shown.split()).replace("├─ ", "")
    namespaces = production.platform.run("kubectl", "get", "namespaces", "-o", "name").stdout
    assert f"namespace/{STACK}\n" not in namespaces


def test_up_makes_a_site_of_its_own(production: Production) -> None:
    production.up()

    status, body = production.platform.curl(
        settings.site_url(production.platform.instance, STACK) + "/about"
    )
    assert status == 200, body


def test_nothing_is_left_to_do_after_that(production: Production) -> None:
    production.pulumi("preview", "--expect-no-changes")
    production.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")


def test_the_other_stack_is_not_touched(production: Production, platform: Platform) -> None:
    platform.run("pulumi", "preview", "-s", "ov-demo", "--expect-no-changes", "--non-interactive")


def test_another_secret_rolls_its_consumers_and_nobody_else(production: Production) -> None:
    before = production.generations()

    production.seal("secretKey")
    production.up()

    after = production.generations()
    assert {name for name in after if after[name] != before[name]} == {"ov-wag"}


def test_production_is_not_destroyed_by_mistake(production: Production) -> None:
    before = production.names("pods")

    refused = production.pulumi("destroy", "--yes", check=False)

    assert refused.returncode != 0
    assert "protect" in refused.stdout + refused.stderr
    assert before <= production.names("pods")


def test_the_data_outlives_a_destroy_that_was_meant(
    production: Production, platform: Platform
) -> None:
    platform.sql("create table kept as select 'still here' as words", stack=STACK)
    production.set("protect", "false")
    production.up()

    production.pulumi("destroy", "--yes", "--skip-preview")

    assert production.names("persistentvolumeclaims") == {"ov-db", "ov-static", "ov-media"}
    eventually("no pod is left", lambda: not production.names("pods"))
    production.up()
    assert platform.sql("select words from kept", stack=STACK) == ["still here"]
