"""The applications of generation 1.x keep the contract, and the habits, of the real ones."""

from __future__ import annotations

import json
import re

import pytest

from tests.apps.docker import NOWHERE, RESTRICTED, Docker, ask, page, soon

pytestmark = pytest.mark.live

WAG = "wgbhmla/ov-wag:v1.0.0"
FRONTEND = "wgbhmla/ov-frontend:v1.0.0"

HEALTH = "/api/v2/health/"
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "ov_wag.settings.production",
    "OV_ADMIN_BASE_URL": "https://admin.openvault.localhost",
    "OV_ALLOWED_HOSTS": "ov-wag",
    "OV_TRUSTED_ORIGINS": "https://admin.openvault.localhost",
    "OV_PREVIEW_URL": "https://openvault.localhost/preview",
    "OV_SECRET_KEY": "only a test knows this key, and it is long enough to be one",
    "OV_DB_HOST": "127.0.0.1",
    "OV_DB_PORT": "5432",
    "OV_DB_NAME": "vault",
    "OV_DB_USER": "archivist",
    "OV_DB_PASSWORD": "opens nothing",
    "AWS_STORAGE_BUCKET_NAME": "vault",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "opens nothing",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "ES_URL": "http://127.0.0.1:9",
    "ES_PASSWORD": "opens nothing",
    "ES_INDEX": "vault",
    "AUTH0_URL": "http://127.0.0.1:9",
    "AUTH0_CLIENT_ID": "vault",
    "AUTH0_CLIENT_SECRET": "opens nothing",
}


@pytest.fixture(scope="module")
def shipped(docker: Docker) -> str:
    """Start ov-wag as its image does by itself, without database, store or search."""
    name = docker.start(WAG, options=NOWHERE, env=SETTINGS)
    assert soon(lambda: ask(docker, name, HEALTH)[0] == 200, 90), docker("logs", name)
    return name


@pytest.mark.parametrize("name", ["OV_ALLOWED_HOSTS", "OV_TRUSTED_ORIGINS"])
def test_ov_wag_ends_without_a_list_it_needs(docker: Docker, name: str) -> None:
    without = {key: value for key, value in SETTINGS.items() if key != name}

    ended = docker.run(WAG, "manage.py", "check", options=("--entrypoint", "python3"), env=without)

    assert ended.returncode != 0
    assert "'NoneType' object has no attribute 'split'" in ended.stderr


def test_ov_wag_as_shipped_listens_on_8000_with_four_workers_and_logs_to_stdout(
    docker: Docker, shipped: str
) -> None:
    serving = docker("exec", shipped, "sh", "-c", "cat /proc/[0-9]*/comm").stdout.split()

    assert serving.count("gunicorn") == 1 + 4
    assert f"GET {HEALTH}" in docker("logs", shipped).stdout


def test_ov_wag_is_healthy_without_what_it_stands_on_and_fails_where_it_asks_it(
    docker: Docker, shipped: str
) -> None:
    assert ask(docker, shipped, HEALTH)[0] == 200
    assert ask(docker, shipped, "/api/v2/pages/")[0] == 500
    assert ask(docker, shipped, "/api/v2/exhibits/")[0] == 500


def test_ov_wag_knows_its_hosts_on_the_health_page_too(docker: Docker, shipped: str) -> None:
    assert ask(docker, shipped, HEALTH, host="localhost")[0] == 400


def test_a_store_that_is_away_stops_nothing_and_takes_the_styles(
    docker: Docker, shipped: str
) -> None:
    script = "from django.templatetags.static import static; print(static('admin/css/base.css'))"
    said = docker("exec", shipped, "python3", "manage.py", "shell", "-v0", "-c", script).stdout

    assert said.strip() == "http://127.0.0.1:9/vault/static/admin/css/base.css"
    assert "Could not connect to the endpoint URL" in docker("logs", shipped).stderr


def test_ov_wag_needs_nothing_to_write_to_but_tmp(docker: Docker) -> None:
    """As nobody, on a read-only root, by a command that collects nothing."""
    options = (*RESTRICTED, *NOWHERE, "--user", "10001:10001", "--entrypoint", "gunicorn")
    name = docker.start(WAG, "ov_wag.wsgi", "-b", ":8000", options=options, env=SETTINGS)

    assert soon(lambda: ask(docker, name, HEALTH)[0] == 200), docker("logs", name)


def test_ov_frontend_is_healthy_without_its_api_and_fails_where_it_asks_it(docker: Docker) -> None:
    name = started(docker)

    assert page(docker, name, "/health") == (200, "ok")
    answers = {
        path: page(docker, name, path)[0] for path in ("/about", "/search", "/", "/exhibits")
    }
    assert answers == {"/about": 200, "/search": 200, "/": 500, "/exhibits": 500}


def test_ov_frontend_tells_browsers_where_to_search_and_the_key_on_that_page_alone(
    docker: Docker,
) -> None:
    name = started(docker, ES_URL="https://search.example.org", ES_API_KEY="reads-only")

    told = re.search(r"window\.ENV = (\{.*?\})</script>", page(docker, name, "/about")[1])
    assert told
    assert json.loads(told[1]) == {
        "AAPB_HOST": "https://americanarchive.org",
        "OV_API_URL": "http://127.0.0.1:9",
        "ORGAN_URL": "http://localhost:9000",
        "ES_OV_INDEX": "wagtail__wagtailcore_page",
        "GBH_INDEX": "gbh-series",
    }
    assert "reads-only" not in page(docker, name, "/about")[1]
    search = page(docker, name, "/search")[1]
    assert "reads-only" in search
    assert "https://search.example.org" in search


def test_ov_frontend_says_by_name_who_it_runs_as(docker: Docker) -> None:
    name = docker.start(FRONTEND, options=NOWHERE, env={"OV_API_URL": "http://127.0.0.1:9"})

    assert docker("exec", name, "id", "-u").stdout.strip() == "1001"
    assert docker("inspect", "--format", "{{.Config.User}}", name).stdout.strip() == "remix"


def started(docker: Docker, **more: str) -> str:
    """Start ov-frontend as restricted as a pod is, and wait until it answers."""
    env = {"OV_API_URL": "http://127.0.0.1:9", **more}
    name = docker.start(FRONTEND, options=(*RESTRICTED, *NOWHERE, "--user", "1001"), env=env)
    assert soon(lambda: page(docker, name, "/health")[0] == 200), docker("logs", name)
    return name
