"""What registries of all kinds answer, and what a person is told."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from operations import credentials, names
from operations.credentials import Credentials
from operations.errors import Exit, Refused
from operations.registry import Access, Registry
from operations.resolution import Resolved, age, fit, resolve, tag_now
from tests.operations.fake import IDENTITY, PASSWORD, USER, FakeRegistry
from tests.operations.parts import DOCKER_LIST, OCI_LIST, Content, config, image, listing

REPOSITORY = "wgbhmla/ov-wag"
NAME = f"registry.example.org/{REPOSITORY}:v0.2.1"
MANIFESTS = f"/v2/{REPOSITORY}/manifests/v0.2.1"
WHO = Credentials(username=USER, password=PASSWORD)
WRONG = Credentials(username=USER, password="open barley")
TOKEN = Credentials(username="<token>", identity_token=IDENTITY)

PARTS = (config("one", created="2026-11-20T10:00:00.123456789Z"),)
ONE = image(PARTS[0])


@pytest.fixture
def registry() -> FakeRegistry:
    fake = FakeRegistry()
    fake.push(REPOSITORY, "v0.2.1", *PARTS, ONE)
    return fake


def opened(fake: FakeRegistry, name: str = NAME, who: Credentials | None = None) -> Registry:
    return Access(credentials=who, transport=fake.transport).open(names.read(name))


def asked(fake: FakeRegistry, name: str = NAME, who: Credentials | None = None) -> Resolved:
    return resolve(opened(fake, name, who))


def refused(fake: FakeRegistry, name: str = NAME, who: Credentials | None = None) -> Refused:
    with pytest.raises(Refused) as refusal:
        asked(fake, name, who)
    return refusal.value


# What a tag is


def test_a_tag_is_resolved_to_the_digest_of_what_the_registry_sent(registry: FakeRegistry) -> None:
    found = asked(registry)

    assert str(found.reference) == f"{NAME}@{ONE.digest}"
    assert found.platforms == ("linux/amd64",)
    assert found.created == datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)


def test_every_kind_of_manifest_is_asked_for(registry: FakeRegistry) -> None:
    asked(registry)

    accepted = registry.asked[0].headers["Accept"]
    assert {"oci.image.index", "manifest.list", "oci.image.manifest", "manifest.v2"} <= {
        word for word in ("oci.image.index", "manifest.list", "oci.image.manifest", "manifest.v2")
        if word in accepted
    }  # fmt: skip


@pytest.mark.parametrize("kind", [OCI_LIST, DOCKER_LIST])
def test_a_list_keeps_its_own_digest_and_tells_its_platforms(
    kind: str, registry: FakeRegistry
) -> None:
    arm = config("arm", "linux/arm64")
    many = listing({"linux/arm64/v8": image(arm), "linux/amd64": ONE, "unknown/unknown": ONE}, kind)
    registry.push(REPOSITORY, "v0.3.0", arm, image(arm), many)

    found = asked(registry, NAME.replace("v0.2.1", "v0.3.0"))

    assert found.reference.digest == many.digest
    assert (found.listed, found.platforms) == (True, ("linux/arm64/v8", "linux/amd64"))
    assert found.created is not None, "the age is that of the image the nodes would run"


def test_what_the_nodes_cannot_run_does_not_fit(registry: FakeRegistry) -> None:
    arm = config("arm", "linux/arm64")
    registry.push(REPOSITORY, "list", arm, image(arm), listing({"linux/arm64": image(arm)}))
    registry.push(REPOSITORY, "single", arm, image(arm))

    for tag in ("list", "single"):
        with pytest.raises(Refused, match=r"made for linux/arm64.*--platform") as refusal:
            fit(opened(registry, NAME.replace("v0.2.1", tag)))
        assert refusal.value.code is Exit.UNFIT


def test_a_digest_is_looked_up_and_its_tag_kept(registry: FakeRegistry) -> None:
    found = asked(registry, f"{NAME}@{ONE.digest}")

    assert str(found.reference) == f"{NAME}@{ONE.digest}"
    assert registry.asked[0].url.path.endswith(ONE.digest)


def test_a_tag_alone_costs_a_question_without_content(registry: FakeRegistry) -> None:
    now = tag_now(opened(registry))

    assert now == ONE.digest
    assert [request.method for request in registry.asked] == ["HEAD"]


def test_a_registry_that_names_no_digest_is_read_instead(registry: FakeRegistry) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=ONE.data if request.method == "GET" else b"")

    registry.instead[MANIFESTS] = silent

    assert tag_now(opened(registry)) == ONE.digest


def test_what_is_not_what_was_promised_is_refused(registry: FakeRegistry) -> None:
    registry.contents[REPOSITORY, "v0.2.1"] = ONE
    registry.instead[MANIFESTS] = lambda _: httpx.Response(
        200, content=b"{}", headers={"Docker-Content-Digest": ONE.digest}
    )

    assert "arrived damaged" in refused(registry).what


def test_something_that_is_no_image_is_refused(registry: FakeRegistry) -> None:
    registry.push(REPOSITORY, "v0.2.1", Content(b'{"fsLayers": []}', "application/json"))

    refusal = refused(registry)

    assert (refusal.code, refusal.what) == (Exit.UNFIT, f"{NAME} is no image that a node can run")


def test_a_list_in_a_list_tells_its_platforms_and_no_age(registry: FakeRegistry) -> None:
    inner = listing({"linux/amd64": ONE})
    outer = listing({"linux/amd64": inner, "linux/arm64": inner})
    registry.push(REPOSITORY, "v0.2.1", inner, outer)

    found = asked(registry)

    assert (found.fits, found.created) == (True, None)


# Who asks


@pytest.mark.parametrize("wants", ["", "open bearer"])
def test_a_public_image_needs_no_name(wants: str, registry: FakeRegistry) -> None:
    registry.wants = wants

    assert asked(registry).reference.digest == ONE.digest


@pytest.mark.parametrize("wants", ["basic", "bearer"])
def test_a_private_image_is_shown_to_whom_the_registry_knows(
    wants: str, registry: FakeRegistry
) -> None:
    registry.wants = wants

    assert asked(registry, who=WHO).reference.digest == ONE.digest


def test_an_identity_token_is_exchanged(registry: FakeRegistry) -> None:
    registry.wants = "bearer"

    assert asked(registry, who=TOKEN).reference.digest == ONE.digest


def test_what_docker_login_stored_is_used(registry: FakeRegistry) -> None:
    registry.wants = "bearer"
    stored = (
        f'{{"auths": {{"{registry.host}": {{"username": "{USER}", "password": "{PASSWORD}"}}}}}}'
    )
    credentials.place().write_text(stored)

    assert asked(registry).reference.digest == ONE.digest


def test_docker_hub_is_asked_where_it_answers() -> None:
    hub = FakeRegistry("registry-1.docker.io", "bearer", "https://auth.docker.io/token")
    hub.push("library/postgres", "14.2", *PARTS, ONE)

    found = asked(hub, "postgres:14.2", who=WHO)

    assert str(found.reference) == f"docker.io/library/postgres:14.2@{ONE.digest}"
    scopes = [r.url.params["scope"] for r in hub.asked if r.url.host == "auth.docker.io"]
    assert scopes == ["repository:library/postgres:pull"], "one token serves all questions"


def test_nothing_is_told_before_the_registry_wants_it(registry: FakeRegistry) -> None:
    asked(registry, who=WHO)

    assert not any("Authorization" in request.headers for request in registry.asked)


def test_a_redirect_to_a_store_takes_no_credentials_along(registry: FakeRegistry) -> None:
    registry.wants = "basic"
    registry.instead[f"/v2/{REPOSITORY}/blobs/{PARTS[0].digest}"] = lambda _: httpx.Response(
        307, headers={"Location": "https://store.example.org/blob"}
    )
    registry.instead["/blob"] = lambda _: httpx.Response(200, content=PARTS[0].data)

    assert asked(registry, who=WHO).platforms == ("linux/amd64",)
    assert "Authorization" not in registry.asked[-1].headers


@pytest.mark.parametrize("realm", ["http://auth.example.org/token", "ftp://auth.example.org/"])
def test_a_password_is_never_sent_in_clear(realm: str, registry: FakeRegistry) -> None:
    registry.wants, registry.realm = "bearer", realm

    refusal = refused(registry, who=WHO)

    assert "not encrypted" in refusal.why
    assert not any("Authorization" in request.headers for request in registry.asked)


def test_without_a_name_a_private_image_and_a_missing_one_look_alike(
    registry: FakeRegistry,
) -> None:
    registry.wants = "bearer"

    refusal = refused(registry)

    assert refusal.code is Exit.UNAUTHORIZED
    assert "private, or does not exist" in refusal.why
    assert "docker login registry.example.org" in refusal.do


@pytest.mark.parametrize("wants", ["basic", "bearer"])
def test_a_wrong_password_is_told_with_the_name_and_without_the_password(
    wants: str, registry: FakeRegistry
) -> None:
    registry.wants = wants

    refusal = refused(registry, who=WRONG)

    assert refusal.code is Exit.UNAUTHORIZED
    assert f"refused {USER}" in refusal.why
    assert "barley" not in str(refusal)


def test_a_name_without_the_right_to_see_is_told_so(registry: FakeRegistry) -> None:
    denied = httpx.Response(403, json={"errors": [{"code": "DENIED", "message": "not yours"}]})
    registry.instead[MANIFESTS] = lambda _: denied

    refusal = refused(registry, who=WHO)

    assert refusal.code is Exit.UNAUTHORIZED
    assert "not yours" in refusal.why


# What else goes wrong


def test_a_missing_tag_is_told_with_those_it_is_like(registry: FakeRegistry) -> None:
    for tag in ("v0.3.0", "nightly"):
        registry.push(REPOSITORY, tag, *PARTS, ONE)

    refusal = refused(registry, NAME.replace("v0.2.1", "v0.2.2"))

    assert refusal.code is Exit.MISSING
    assert refusal.do.startswith("Tags there are: v0.2.1, v0.3.0. ")


def test_tags_are_read_to_the_last_page(registry: FakeRegistry) -> None:
    registry.page = 1
    registry.push(REPOSITORY, "v0.9.0", *PARTS, ONE)

    assert "v0.9.0" in refused(registry, NAME.replace("v0.2.1", "v0.9.1")).do


def test_a_missing_digest_is_called_a_digest(registry: FakeRegistry) -> None:
    refusal = refused(registry, f"{NAME}@sha256:{64 * 'a'}")

    assert (refusal.code, refusal.why) == (
        Exit.MISSING,
        "the repository is there, without this digest",
    )


def test_a_missing_repository_is_told_from_a_missing_tag(registry: FakeRegistry) -> None:
    refusal = refused(registry, NAME.replace("ov-wag", "ov-wig"))

    assert refusal.code is Exit.MISSING
    assert "no repository registry.example.org/wgbhmla/ov-wig" in refusal.what


def test_tags_that_may_not_be_listed_are_not_called_missing(registry: FakeRegistry) -> None:
    registry.instead[f"/v2/{REPOSITORY}/tags/list"] = lambda _: httpx.Response(403)

    refusal = refused(registry, NAME.replace("v0.2.1", "v0.2.2"))

    assert refusal.code is Exit.MISSING
    assert "does not list its tags" in refusal.do


@pytest.mark.parametrize(
    ("headers", "when"), [({"Retry-After": "60"}, "in 60 seconds"), ({}, "in some hours")]
)
def test_a_rate_limit_says_when_and_how_to_go_on(
    headers: dict[str, str], when: str, registry: FakeRegistry
) -> None:
    registry.instead[MANIFESTS] = lambda _: httpx.Response(429, headers=headers)

    refusal = refused(registry)

    assert refusal.code is Exit.RATE_LIMIT
    assert when in refusal.do
    assert "docker login registry.example.org" in refusal.do


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(404, text="<html>not here</html>"),
        httpx.Response(200, text="<html>welcome</html>"),
        httpx.Response(302, headers={"Location": f"https://registry.example.org{MANIFESTS}"}),
    ],
    ids=["500", "404 of something else", "a page", "going round in circles"],
)
def test_what_does_not_answer_as_a_registry_is_told_so(
    answer: httpx.Response, registry: FakeRegistry
) -> None:
    registry.instead[MANIFESTS] = lambda _: answer

    refusal = refused(registry)

    assert refusal.code is Exit.UNREACHABLE
    assert "does not answer as a registry does" in refusal.what


def test_a_service_for_tokens_that_gives_none_is_told_so(registry: FakeRegistry) -> None:
    registry.wants = "bearer"
    registry.instead["/token"] = lambda _: httpx.Response(200, json={})

    assert "service for tokens" in refused(registry).why


def test_a_registry_that_is_not_there_is_told_without_numbers(registry: FakeRegistry) -> None:
    refusal = refused(registry, "elsewhere.example.org/a/b:1")

    assert refusal.code is Exit.UNREACHABLE
    assert refusal.why == "name or service not known"
    assert "curl -I https://elsewhere.example.org/v2/" in refusal.do


def test_a_registry_that_is_too_slow_is_told_so(registry: FakeRegistry) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    registry.instead[MANIFESTS] = slow

    assert refused(registry).why == "it did not answer in time"


def test_a_certificate_nobody_trusts_is_told_from_a_registry_that_is_down(
    registry: FakeRegistry,
) -> None:
    def untrusted(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("ssl", request=request) from ssl.SSLError(1, "wrong version")

    registry.instead[MANIFESTS] = untrusted

    refusal = refused(registry)

    assert refusal.code is Exit.UNREACHABLE
    assert "no certificate this machine trusts" in refusal.what
    assert "--ca FILE" in refusal.do


# How old it is


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "1 day"), (40, "40 days"), (70, "2 months"), (800, "2 years")],
)
def test_an_age_is_told_as_people_tell_it(days: int, words: str) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)

    assert age(now - timedelta(days=days), now) == words


@pytest.mark.parametrize("created", ["", "1970-01-01T00:00:00Z", "yesterday"])
def test_an_image_that_hides_its_age_has_none(created: str, registry: FakeRegistry) -> None:
    young = config("young", created=created)
    registry.push(REPOSITORY, "v0.2.1", young, image(young))

    assert asked(registry).created is None
