"""A site of generation 1.x beside `ov-demo`: object storage, search and single sign-on."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sandbox import keys, services, settings
from sandbox.images import references
from sandbox.services import doorkeeper, sign_on
from tests.live.editor import PICTURE, log_in, publish, see, upload
from tests.live.platform import Platform
from tests.live.production import STACK, Production, production
from tests.live.project import DEMO, Project, chosen
from tests.live.test_workflows import DEPLOYED, deployed

pytestmark = pytest.mark.live

TITLE = "Letters from the Stacks"

# What an earlier release left in the store, and a page that is open somewhere still asks for.
EARLIER = "static/exhibits/of-an-earlier-release.css"


@dataclass(frozen=True)
class Site:
    """The site, and where its objects are."""

    stack: Production
    public: str
    admin: str
    bucket: Path

    def manage(self, *words: str) -> str:
        """Run one of the CMS's own commands."""
        command = ("exec", "deployment/ov-wag", "--", "python3", "manage.py", *words)
        return self.stack.platform.kubectl(*command, stack=STACK)


@pytest.fixture(scope="module")
def site(platform: Platform) -> Iterator[Site]:
    instance = platform.instance
    platform.run(sys.executable, "-m", "sandbox", "services")
    bucket = instance.state / "services" / "objects" / STACK
    (bucket / EARLIER).parent.mkdir(parents=True, exist_ok=True)
    (bucket / EARLIER).write_text("p { color: black }")
    values = {key: keys.value(instance, name) for key, (name, _) in services.SECRETS.items()}
    values["adminPassword"] = settings.admin_password(instance).read_text()
    chosen = {
        **services.choices(instance, references(instance), STACK),
        "archiveUrl": "https://americanarchive.org",
    }
    with production(platform, chosen, values) as stack:
        stack.up()
        site = Site(
            stack, settings.site_url(instance, STACK), settings.admin_url(instance, STACK), bucket
        )
        site.manage("seed_exhibits")
        yield site


def test_the_public_page_shows_exhibits_whose_pictures_come_from_the_store(
    site: Site, page: Page
) -> None:
    see(page, site.public, "The Harbor on Film")

    address = page.locator("img").first.get_attribute("src") or ""
    assert address.startswith(site.stack.platform.instance.service_url("objects"))
    assert "Signature=" in address


def test_an_editor_publishes_a_picture_that_lands_in_the_store(
    site: Site, platform: Platform, page: Page, tmp_path: Path
) -> None:
    picture = tmp_path / "letters.png"
    picture.write_bytes(PICTURE)
    parent = platform.sql("select id from wagtailcore_page where depth = 2", stack=STACK)[0]

    before = set(site.bucket.glob("original_images/*"))

    log_in(page, site.admin, platform.administrator)
    upload(page, site.admin, picture, "A letter")
    publish(page, f"{site.admin}/admin/pages/add/exhibits/exhibitpage/{parent}/", TITLE, "A letter")

    [added] = set(site.bucket.glob("original_images/*")) - before
    assert added.read_bytes() == PICTURE
    see(page, site.public, TITLE)


def test_static_files_come_from_the_store_and_those_of_an_earlier_release_stay(
    site: Site, platform: Platform
) -> None:
    _, login = platform.curl(f"{site.admin}/admin/login/")
    found = re.search(r'href="(http://objects[^"]+core\.css\?v=\w+)"', login)

    assert found, login
    store = f"{platform.instance.service_url('objects')}/{STACK}"
    assert found[1].startswith(f"{store}/static/")
    assert platform.curl(found[1])[0] == 200
    assert platform.curl(f"{store}/{EARLIER}") == (200, "p { color: black }")


def test_an_upload_is_shown_to_nobody_without_a_signature(site: Site, platform: Platform) -> None:
    name = next(site.bucket.glob("original_images/*")).name

    store = f"{platform.instance.service_url('objects')}/{STACK}"
    assert platform.curl(f"{store}/original_images/{name}")[0] == 403


def test_the_index_is_made_anew_by_the_work_that_is_scheduled(site: Site) -> None:
    platform = site.stack.platform
    platform.kubectl("create", "job", "--from=cronjob/reindex", "reindex-now", stack=STACK)

    done = ("wait", "--for=condition=complete", "job/reindex-now", "--timeout=120s")
    assert "condition met" in platform.kubectl(*done, stack=STACK)


def test_a_visitor_searches_from_the_browser(site: Site, page: Page) -> None:
    page.goto(f"{site.public}/search")
    page.get_by_label("Words").fill("lumpers")
    page.get_by_role("button", name="Search").click()

    page.get_by_role("link", name="The Harbor on Film").click()
    expect(page.get_by_role("heading", name="The Harbor on Film")).to_be_visible()


def test_the_browsers_key_changes_nothing(site: Site, platform: Platform, tmp_path: Path) -> None:
    index = f"{platform.instance.service_url('search')}/{STACK}__wagtailcore_page"
    key = tmp_path / "key"
    key.write_text(f'header = "Authorization: ApiKey {_key(platform)}"\n')

    assert platform.curl(f"{index}/_search", "--config", str(key))[0] == 200
    assert platform.curl(index, "--config", str(key), "--request", "DELETE")[0] == 403


def test_a_browser_is_told_no_secret_but_the_key_that_only_reads(
    site: Site, platform: Platform
) -> None:
    pages = [platform.curl(f"{site.public}{path}")[1] for path in ("/", "/exhibits", "/search")]
    secret = {
        name: keys.value(platform.instance, name)
        for name, _ in services.SECRETS.values()
        # It is part of each signed address, and opens nothing alone.
        if name not in {doorkeeper.READER, services.objects.ACCESS_KEY}
    }

    assert _key(platform) in pages[2]
    # By their names: a failure prints what is compared.
    assert [name for name, value in secret.items() if any(value in page for page in pages)] == []


# The CMS sends no mail, so somebody whom it does not know yet is let in by an administrator.
KNOWN = f"""
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User

editor = User.objects.create_user("editor", {sign_on.EDITOR["email"]!r})
editor.groups.add(Group.objects.get(name="Editors"))
SocialAccount.objects.create(user=editor, provider="auth0", uid={sign_on.EDITOR["sub"]!r})
"""


def test_an_editor_signs_on_with_the_organisations_account(site: Site, page: Page) -> None:
    site.manage("shell", "-c", KNOWN)

    page.goto(f"{site.admin}/admin/login/")
    page.get_by_role("link", name="Sign in with Auth0").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=str(sign_on.EDITOR["sub"]), exact=True).click()

    expect(page.get_by_role("heading", name="Open Vault")).to_be_visible()
    assert page.url == f"{site.admin}/admin/"


def test_the_other_stack_is_not_touched(site: Site, platform: Platform) -> None:
    platform.run("pulumi", "preview", "-s", DEMO, "--expect-no-changes", "--non-interactive")


def test_an_update_of_the_demo_does_not_touch_this_stack(
    site: Site, platform: Platform, tmp_path: Path
) -> None:
    before, there = described(platform, STACK), described(platform, DEMO)
    project = Project(platform=platform, folder=tmp_path / "stacks", stack=DEMO)
    content = chosen(platform)
    content["config"]["openvault:uploadLimit"] = "31m"
    project.configure(content)
    try:
        project.pulumi("up", "--yes", "--skip-preview")

        changed = {
            name for name, said in described(platform, DEMO).items() if said != there.get(name)
        }
        assert "Deployment ov-nginx" in changed
        assert described(platform, STACK) == before
        site.stack.pulumi("preview", "--expect-no-changes")
    finally:
        platform.run("pulumi", "up", "--yes", "--skip-preview", "-s", DEMO, "--non-interactive")


def test_a_person_deploys_it_by_the_workflow(
    site: Site, platform: Platform, tmp_path: Path
) -> None:
    before, there = described(platform, STACK), described(platform, DEMO)

    ended, words = deployed(platform, tmp_path, STACK)

    assert ended == DEPLOYED, words
    assert described(platform, STACK) == before
    assert described(platform, DEMO) == there


# What an update would write or make anew. A controller writes a status and, where a budget of
# pods or a claim is looked after, notes; none of that is a specification.
KINDS = (
    "deployments,statefulsets,services,ingresses,configmaps,secrets,persistentvolumeclaims,"
    "networkpolicies,limitranges,resourcequotas,cronjobs,jobs,pods"
)


def described(platform: Platform, stack: str) -> dict[str, Any]:
    """Return every object of *stack*: who it is, how often it was written, and what it says."""
    return {
        f"{each['kind']} {each['metadata']['name']}": {
            "uid": each["metadata"]["uid"],
            "generation": each["metadata"].get("generation"),
            "labels": each["metadata"].get("labels"),
            **{key: each[key] for key in ("spec", "data") if key in each},
        }
        for each in platform.objects(KINDS, stack=stack)
        if not scheduled(each) and not leaving(each)
    }


def scheduled(thing: dict[str, Any]) -> bool:
    """Return whether its hour made it, and no update."""
    owners = thing["metadata"].get("ownerReferences", [])
    return any(each["kind"] in {"CronJob", "Job"} for each in owners)


def leaving(thing: dict[str, Any]) -> bool:
    """Return whether it still serves what it has begun, after an update that has ended."""
    return "deletionTimestamp" in thing["metadata"]


def _key(platform: Platform) -> str:
    return keys.value(platform.instance, doorkeeper.READER)
