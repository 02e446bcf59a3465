"""What deployments of these applications got wrong at some time, and cannot here.

One test for each row of the list, named after it, through the real program; most of them for both
stacks. The rows are in docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest

from components.companion import companions
from components.generations import GENERATIONS
from declared.engine import Engine, texts
from declared.stacks import DIGEST, OUTSIDE, SCHEMA, STACKS, chosen
from tests.stacks import ONE, configured, settled, settled_of_one, up

RUNS = {"0.x": settled, "1.x": settled_of_one}
HOSTS = ("siteUrl", "adminUrl")


@pytest.fixture(params=[(stack, generation) for stack in STACKS for generation in RUNS])
def run(request: pytest.FixtureRequest) -> tuple[str, str, Engine]:
    stack, generation = request.param
    return stack, generation, RUNS[generation](stack)


def refusal(stack: str, **changes: Any) -> str:
    """Return what a person reads when *stack* has these settings."""
    with pytest.raises(pulumi.RunError) as raised:
        up(stack, **changes)
    return str(raised.value)


def environments(engine: Engine, *names: str) -> Iterator[Mapping[str, Any]]:
    """Yield the environment of each pod that has a service's name, init containers apart."""
    for maker in engine.pods:
        if maker.name in names:
            yield maker.env


# 1


@pytest.mark.parametrize("stack", STACKS)
def test_browsers_search_the_index_that_the_back_end_fills(stack: str) -> None:
    for index in ("site", "ov-demo_2026"):
        changed: dict[str, Any] = {**ONE, "searchIndex": index}
        engine = up(stack, **changed)
        (backend,) = environments(engine, "ov-wag")
        (frontend,) = environments(engine, "ov-frontend")

        assert backend["ES_INDEX"] == index
        assert frontend["ES_OV_INDEX"] == f"{index}__wagtailcore_page"
        assert frontend["ES_URL"] == backend["ES_URL"]


def test_nobody_can_set_the_two_names_of_the_index_apart() -> None:
    assert len([key for key in SCHEMA if "Index" in key and key != "seriesIndex"]) == 1


# 2


def test_trusted_origins_are_https_and_of_this_stack(run: tuple[str, str, Engine]) -> None:
    stack, _, engine = run
    own = {chosen(stack)[key] for key in HOSTS}

    for env in environments(engine, "ov-wag", "ov-wag-migrate", "reindex"):
        origins = set(env["OV_TRUSTED_ORIGINS"].split(","))
        assert origins == own
        assert all(each.startswith("https://") for each in origins)


@pytest.mark.parametrize("key", HOSTS)
@pytest.mark.parametrize("stack", STACKS)
def test_an_origin_in_clear_is_refused(stack: str, key: str) -> None:
    said = refusal(stack, **{key: "http://clear.example.org"})

    assert (
        f"openvault:{key} is 'http://clear.example.org': everything would travel in clear" in said
    )
    assert f"pulumi config set {key} https://clear.example.org -s {stack}" in said


@pytest.mark.parametrize("generation", ["0.x", "1.x"])
def test_a_demo_in_clear_is_one_that_editors_can_log_in_to(generation: str) -> None:
    clear: dict[str, Any] = {key: f"http://{key.lower()}.example.org" for key in HOSTS} | {
        "plainHttp": True
    }
    engine = up("ov-demo", **(ONE if generation == "1.x" else {}), **clear)
    (env,) = environments(engine, "ov-wag")

    assert env["OV_TRUSTED_ORIGINS"] == "http://adminurl.example.org,http://siteurl.example.org"
    # The applications of 2022 mark their cookies for https always, and the proxy takes it away.
    assert engine.one("Deployment", "ov-nginx").env["ADMIN_SCHEME"] == "http"
    told = {env[name] for name in env if name.endswith("_COOKIE_SECURE")}
    assert told == ({"false"} if generation == "1.x" else set())
    assert "tls" not in engine.one("Ingress", "ov-nginx").inputs["spec"]


def test_cookies_go_over_https_only_where_there_is_https(run: tuple[str, str, Engine]) -> None:
    for env in environments(run[2], "ov-wag"):
        assert not [name for name in env if name.endswith("_COOKIE_SECURE")]


# 3


def test_the_secret_key_is_the_one_that_was_chosen_each_time(run: tuple[str, str, Engine]) -> None:
    stack, generation, engine = run
    again = up(stack, **(ONE if generation == "1.x" else {}))
    first, second = (
        each.one("Secret", "ov-wag-credentials").inputs["stringData"]["OV_SECRET_KEY"]
        for each in (engine, again)
    )

    assert first == second == configured(stack)["openvault:secretKey"]


def test_without_a_secret_key_nothing_is_deployed() -> None:
    assert "openvault:secretKey is missing" in refusal("ov-demo", secretKey=None)


# 4


def test_every_variable_is_read_by_the_image_that_gets_it(run: tuple[str, str, Engine]) -> None:
    _, name, engine = run
    generation = GENERATIONS[name]
    contracts = {
        "db": generation.database,
        "jumpbox": generation.jumpbox,
        "ov-frontend": generation.frontend,
        "ov-nginx": generation.proxy,
        "ov-wag": generation.backend,
        "ov-wag-migrate": generation.migration,
        "reindex": generation.reindex,
        **{each.name: each.contract for each in companions()},
    }
    for maker in engine.pods:
        contract = contracts[maker.name]
        assert contract
        assert contract.required <= maker.env.keys() <= contract.reads, maker.name


@pytest.mark.parametrize("dead", ["OV_WORKERS", "ES_GBH_INDEX", "OV_GOOGLE_CLIENT_ID"])
def test_names_that_no_image_reads_are_in_no_contract(dead: str) -> None:
    for generation in GENERATIONS.values():
        for contract in (generation.backend, generation.migration, generation.frontend):
            assert dead not in contract.reads
            with pytest.raises(ValueError, match=f"{dead} would be given, and the image does not"):
                contract.environment({**dict.fromkeys(contract.required, ""), dead: ""})


@pytest.mark.parametrize("key", [key for key in ONE if key != "generation"])
def test_a_setting_that_the_generation_does_not_read_is_refused(key: str) -> None:
    said = refusal("ov-demo", **{key: ONE[key]})

    assert f"openvault:{key}" in said
    if not key.endswith("Image"):
        assert "is of no use: no image of generation 0.x reads it" in said
        assert f"pulumi config rm {key} -s ov-demo" in said


@pytest.mark.parametrize("key", [key for key in ONE if key != "generation"])
def test_a_setting_that_the_generation_needs_is_asked_for(key: str) -> None:
    said = refusal("ov-demo", **{**ONE, key: None})

    assert f"openvault:{key}" in said
    assert said.count("- openvault:") == 1


# 5


def test_every_pod_of_an_image_has_the_environment_of_its_server(
    run: tuple[str, str, Engine],
) -> None:
    _, generation, engine = run
    (server,) = environments(engine, "ov-wag")
    jobs = list(environments(engine, "ov-wag-migrate", "reindex"))

    assert len(jobs) == {"0.x": 1, "1.x": 2}[generation]
    for env in jobs:
        assert {
            name: at for name, at in env.items() if not name.startswith("DJANGO_SUPER")
        } == server


# 6


@pytest.mark.parametrize("generation", RUNS)
def test_nothing_of_one_stack_is_in_the_other(generation: str) -> None:
    other = {"openvault": "ov-demo", "ov-demo": "openvault"}
    for stack in STACKS:
        words = set[str]()
        for resource in RUNS[generation](stack).seen:
            words |= {word for text in texts(resource.inputs) for word in _words(text)}
        theirs = {chosen(other[stack])[key] for key in HOSTS}
        hosts = {each.removeprefix("https://") for each in theirs} | theirs

        assert not hosts & words


def _words(text: str) -> list[str]:
    return text.replace(",", " ").replace("'", " ").replace('"', " ").split()


def test_a_host_of_the_other_stack_is_refused() -> None:
    public = chosen("openvault")
    for key, value in {
        "siteUrl": public["siteUrl"],
        "adminUrl": public["adminUrl"],
        "previewUrl": f"{public['siteUrl']}/preview",
    }.items():
        said = refusal("ov-demo", **{**ONE, key: value})
        assert f"openvault:{key} is '{value}': openvault has that host as its" in said
        assert f"pulumi config set {key} VALUE -s ov-demo" in said


def test_a_bucket_or_an_index_of_the_other_stack_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = {key: OUTSIDE[key] for key in ("bucket", "searchUrl", "searchIndex")}

    def committed(_: str) -> Mapping[str, str]:
        return shared

    monkeypatch.setattr("components.choices.apart._committed", committed)
    said = refusal("ov-demo", **ONE)

    assert "openvault:bucket is 'media.example.org': openvault has the same" in said
    assert "openvault:searchIndex is 'site': openvault has the same" in said
    assert said.count("- openvault:") == 2
    # The same name at another place is another thing.
    own: dict[str, Any] = {
        "bucketEndpoint": "https://s3.example.org",
        "searchUrl": "https://es.example.org",
    }
    assert up("ov-demo", **{**ONE, **own}).exports


# 7


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_search_must_allow_is_told(stack: str) -> None:
    told = settled_of_one(stack).exports["outside"]

    assert told["searchCorsOrigins"] == [chosen(stack)["siteUrl"]]
    assert told["signOnCallbackUrls"] == [
        f"{chosen(stack)['adminUrl']}/accounts/auth0/login/callback/"
    ]
    assert settled(stack).exports["outside"] == {}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://search.example.org", "https, because browsers"),
        ("https://quickstart-es-http:9200", "a public address, because browsers ask it"),
        ("https://quickstart-es-http.ov-demo.svc:9200", "a public address"),
        ("https://es.ov-demo.svc.cluster.local:9200", "a public address"),
        ("https://search.example.org/path", "without a path"),
    ],
)
def test_a_search_that_browsers_cannot_ask_is_refused(address: str, why: str) -> None:
    said = refusal("ov-demo", **{**ONE, "searchUrl": address})

    assert f"openvault:searchUrl is '{address}': " in said
    assert why in said
    assert said.count("- openvault:") == 1


# 8


def test_probes_say_a_name_that_is_allowed(run: tuple[str, str, Engine]) -> None:
    server = run[2].one("Deployment", "ov-wag")
    allowed = server.env["OV_ALLOWED_HOSTS"].split(",")

    assert server.container["startupProbe"]["exec"]["command"][-1] in allowed
    for kind in ("readinessProbe", "livenessProbe"):
        (header,) = server.container[kind]["httpGet"]["httpHeaders"]
        assert header["name"] == "Host"
        assert header["value"] in allowed
    assert "*" not in allowed


# 9


def test_the_database_writes_below_its_volume(run: tuple[str, str, Engine]) -> None:
    server = run[2].one("StatefulSet", "db")
    (data,) = (each for each in server.container["volumeMounts"] if each["name"] == "data")

    # The mount itself belongs to root, and PostgreSQL refuses it.
    assert server.env["PGDATA"] == f"{data['mountPath']}/pgdata"
    assert data["mountPath"] == "/var/lib/postgresql/data"


# 10


@pytest.mark.parametrize(
    ("backend", "frontend", "extra"),
    [("v1.1.0", "v1.0.0", ONE), ("v1.0.2", "v1.2.0", ONE), ("v0.3.0", "v0.2.1", {})],
)
def test_a_pair_that_was_never_tried_is_refused(
    backend: str, frontend: str, extra: Mapping[str, Any]
) -> None:
    pair: dict[str, Any] = {
        "backendImage": f"docker.io/wgbhmla/ov-wag:{backend}@{DIGEST}",
        "frontendImage": f"docker.io/wgbhmla/ov-frontend:{frontend}@{DIGEST}",
    }
    said = refusal("ov-demo", **{**extra, **pair})

    assert f"is version {frontend}, and was never tried with version {backend}" in said
    assert f"pulumi config set untestedPair '{backend} {frontend}' -s ov-demo" in said
    known: dict[str, Any] = {**extra, **pair, "untestedPair": f"{backend} {frontend}"}
    assert up("ov-demo", **known).exports
    assert "was never tried" in refusal("ov-demo", **{**known, "untestedPair": "v9 v9"})


def test_a_patch_of_a_tried_pair_is_welcome_and_needs_no_word() -> None:
    patched: dict[str, Any] = {
        **ONE,
        "backendImage": f"docker.io/wgbhmla/ov-wag:v1.0.7@{DIGEST}",
    }

    assert up("ov-demo", **patched).exports
    assert "there is no such pair to allow" in refusal("ov-demo", untestedPair="v0.2.1 v0.2.1")


# 11


def test_the_api_has_its_path_for_the_back_end_and_not_for_the_front_end(
    run: tuple[str, str, Engine],
) -> None:
    engine = run[2]

    for env in environments(engine, "ov-wag", "ov-wag-migrate", "reindex"):
        assert env["OV_API_URL"] == "http://ov-wag/api/v2"
    for env in environments(engine, "ov-frontend"):
        assert env["OV_API_URL"] == "http://ov-wag"
