"""The life of a stack, by the real engine on a real cluster: `openvault`, beside `ov-demo`."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sandbox import settings
from tests.live.browser import browser
from tests.live.editor import sign_in
from tests.live.events import unexplained
from tests.live.platform import Platform, eventually
from tests.live.production import STACK, Production, production

pytestmark = pytest.mark.live

# Not below localhost, where browsers take plain HTTP for safe; and where a tunnel to it begins.
CLEAR = "clear.test"
PORT = 18080


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
    # It comes back as a demo in clear, which the next test looks at.
    production.set("plainHttp", "true")
    production.set("siteUrl", f"http://site.{CLEAR}:{PORT}")
    production.set("adminUrl", f"http://admin.{CLEAR}:{PORT}")

    assert production.names("persistentvolumeclaims") == {"ov-db", "ov-static", "ov-media"}
    eventually("no pod is left", lambda: not production.names("pods"))
    production.up()
    assert platform.sql("select words from kept", stack=STACK) == ["still here"]


def test_an_editor_logs_in_to_a_demo_in_clear(
    production: Production, platform: Platform, tmp_path: Path
) -> None:
    admin = f"http://admin.{CLEAR}:{PORT}"
    to_here = f"--host-resolver-rules=MAP *.{CLEAR} 127.0.0.1"

    with tunnel(platform), browser(tmp_path, words=[to_here]) as window:
        page = window.new_page()
        page.set_default_timeout(15_000)
        sign_in(page, admin, platform.administrator[0], password(platform))
        expect(page.get_by_role("heading", name="Open Vault")).to_be_visible()
        assert page.url.startswith(admin)


@contextmanager
def tunnel(platform: Platform) -> Generator[None]:
    """Lead PORT of this machine to the proxy: the sandbox's edge knows no site without TLS."""
    words = ("kubectl", "-n", STACK, "port-forward", "service/ov-nginx", f"{PORT}:80")
    asked = subprocess.Popen(words, env=dict(platform.environment), stdout=subprocess.DEVNULL)
    try:
        there = ("-H", f"Host: site.{CLEAR}")
        url = f"http://127.0.0.1:{PORT}/about"
        eventually("the tunnel leads there", lambda: platform.curl(url, *there)[0] == 200)
        yield
    finally:
        asked.terminate()
        asked.wait()


def password(platform: Platform) -> str:
    """Return the password of the stack's first administrator."""
    (secret,) = platform.objects(
        "secrets", "--field-selector=metadata.name=ov-wag-administrator", stack=STACK
    )
    return base64.b64decode(secret["data"]["DJANGO_SUPERUSER_PASSWORD"]).decode()
