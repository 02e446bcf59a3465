"""The life of a stack, by the real engine on a real cluster: `openvault`, beside `ov-demo`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import settings
from tests.live.events import unexplained
from tests.live.platform import Platform, eventually
from tests.live.production import STACK, Production, production

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", name="production")
def _production(platform: Platform) -> Iterator[Production]:
    with production(platform) as stack:
        yield stack


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


def test_nobody_has_to_explain_a_warning_after_a_deploy(
    production: Production, platform: Platform
) -> None:
    assert platform.objects("events", stack=STACK)
    assert unexplained(platform, stack=STACK) == []


def test_nothing_is_left_to_do_after_that(production: Production) -> None:
    production.pulumi("preview", "--expect-no-changes")
    production.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")


def test_the_other_stack_is_not_touched(production: Production, platform: Platform) -> None:
    platform.run("pulumi", "preview", "-s", "ov-demo", "--expect-no-changes", "--non-interactive")


def test_another_secret_rolls_its_consumers_and_nobody_else(production: Production) -> None:
    before = production.platform.generations(stack=STACK)

    production.seal("secretKey")
    production.up()

    after = production.platform.generations(stack=STACK)
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
