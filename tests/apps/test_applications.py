"""The applications and their database keep the contract of the images they stand for."""

from __future__ import annotations

import json
import time

import pytest

from tests.apps.docker import NOWHERE, RESTRICTED, Docker, ask, page, soon

pytestmark = pytest.mark.live

WAG = "wgbhmla/ov-wag:v0.2.1"
FRONTEND = "wgbhmla/ov-frontend:v0.2.1"
POSTGRES = "sandbox/postgres:14.2"

PASSWORD = "opens nothing"
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "ov_wag.settings.production",
    "OV_ADMIN_BASE_URL": "https://admin.ov-demo.localhost",
    "OV_ALLOWED_HOSTS": "ov-wag",
    "OV_TRUSTED_ORIGINS": "https://admin.ov-demo.localhost",
    "OV_SECRET_KEY": "only a test knows this key, and it is long enough to be one",
    "OV_DB_ENGINE": "django.db.backends.postgresql",
    "OV_DB_HOST": "127.0.0.1",
    "OV_DB_PORT": "5432",
    "OV_DB_NAME": "vault",
    "OV_DB_USER": "archivist",
    "OV_DB_PASSWORD": PASSWORD,
}
DATABASE = {
    "POSTGRES_USER": "archivist",
    "POSTGRES_DB": "vault",
    "POSTGRES_PASSWORD": PASSWORD,
    "PGDATA": "/var/lib/postgresql/data/pgdata",
}
AS_POSTGRES = (
    *(*RESTRICTED, *NOWHERE, "--user", "70:70", "--tmpfs", "/var/run/postgresql:mode=3777"),
    *("--tmpfs", "/var/lib/postgresql/data:uid=70,gid=70,mode=0770"),
)
AS_WAG = (
    *(*RESTRICTED, "--user", "10001:10001"),
    *("--tmpfs", "/app/static:uid=10001", "--tmpfs", "/app/media:uid=10001"),
)


@pytest.fixture(scope="module")
def database(docker: Docker) -> str:
    """Return a database that accepts queries."""
    name = docker.start(POSTGRES, options=AS_POSTGRES, env=DATABASE)
    ready = ("exec", name, "pg_isready", "--host", "127.0.0.1", "--username", "archivist")
    assert soon(lambda: docker(*ready).returncode == 0), docker("logs", name).stderr
    return name


@pytest.fixture(scope="module")
def wag(docker: Docker, database: str) -> str:
    """Return ov-wag as the demo runs it, on a migrated database."""
    options = (*AS_WAG, "--network", f"container:{database}")
    migrated = docker.run(
        WAG,
        *("manage.py", "migrate"),
        options=(*options, "--entrypoint", "python3"),
        env=SETTINGS,
    )
    assert migrated.returncode == 0, migrated.stderr
    command = "python manage.py collectstatic --noinput && exec gunicorn ov_wag.wsgi -b :8000"
    name = docker.start(WAG, "-c", command, options=(*options, "--entrypoint", "sh"), env=SETTINGS)
    assert soon(lambda: ask(docker, name, "/api/v2/pages/")[0] == 200), docker("logs", name)
    return name


def shipped(docker: Docker, **changes: str) -> str:
    """Start ov-wag as its image does by itself, without a database."""
    env = {name: value for name, value in (SETTINGS | changes).items() if value}
    return docker.start(WAG, options=NOWHERE, env=env)


@pytest.mark.parametrize("name", ["OV_ALLOWED_HOSTS", "OV_TRUSTED_ORIGINS"])
def test_ov_wag_ends_without_a_list_it_needs(docker: Docker, name: str) -> None:
    without = {key: value for key, value in SETTINGS.items() if key != name}

    ended = docker.run(WAG, "manage.py", "check", options=("--entrypoint", "python3"), env=without)

    assert ended.returncode != 0
    assert "'NoneType' object has no attribute 'split'" in ended.stderr


def test_ov_wag_without_a_secret_key_runs_and_fails_every_request(docker: Docker) -> None:
    name = shipped(docker, OV_SECRET_KEY="")

    assert soon(lambda: ask(docker, name, "/django-admin/login/", port=80)[0] == 500)


def test_ov_wag_as_shipped_listens_on_80_logs_to_files_and_knows_its_hosts(docker: Docker) -> None:
    name = shipped(docker)

    assert soon(lambda: ask(docker, name, "/django-admin/login/", port=80)[0] == 200)
    assert ask(docker, name, "/django-admin/login/", host="localhost", port=80)[0] == 400
    assert "GET /django-admin/login/" in docker("exec", name, "cat", "/logs/access.log").stdout
    assert "GET /django-admin/login/" not in docker("logs", name).stdout


def test_ov_wag_as_shipped_does_not_hear_that_it_should_stop(docker: Docker) -> None:
    name = shipped(docker)
    assert soon(lambda: ask(docker, name, "/django-admin/login/", port=80)[0] == 200)

    began = time.monotonic()
    docker("stop", "--time", "3", name)

    assert time.monotonic() - began > 3


def test_ov_wag_runs_as_nobody_on_a_read_only_root(docker: Docker, wag: str) -> None:
    assert ask(docker, wag, "/admin/login/")[0] == 200
    assert docker("exec", wag, "id", "-u").stdout.strip() == "10001"


def test_the_exhibits_are_published_once_with_pictures_that_exist(docker: Docker, wag: str) -> None:
    seed = ("exec", wag, "python3", "manage.py", "seed_exhibits")
    first, second = docker(*seed), docker(*seed)
    assert "4 made, 0 were there" in first.stdout, first.stderr
    assert "0 made, 4 were there" in second.stdout

    status, body = ask(docker, wag, "/api/v2/exhibit/")

    exhibits = json.loads(body)["items"]
    assert (status, len(exhibits)) == (200, 4)
    for exhibit in exhibits:
        assert exhibit["title"]
        assert "<p>" in exhibit["body"]
        assert exhibit["authors"][0]["image"]["url"]
        path = exhibit["cover_image"]["url"]
        assert exhibit["cover_image"]["full_url"] == SETTINGS["OV_ADMIN_BASE_URL"] + path
        assert docker("exec", wag, "test", "-s", f"/app{path}").returncode == 0


def test_ov_frontend_without_its_api_fails_but_for_the_page_about_itself(docker: Docker) -> None:
    name = docker.start(
        FRONTEND,
        options=(*RESTRICTED, *NOWHERE, "--user", "10001"),
        env={"OV_API_URL": "http://127.0.0.1:9"},
    )

    assert soon(lambda: page(docker, name, "/about")[0] == 200)
    assert [page(docker, name, path)[0] for path in ("/", "/exhibits", "/exhibits/3")] == [500] * 3


def test_postgres_is_14_2_as_pid_1(docker: Docker, database: str) -> None:
    version = docker("exec", database, "postgres", "--version").stdout
    first = docker("exec", database, "cat", "/proc/1/comm").stdout

    assert version.strip() == "postgres (PostgreSQL) 14.2"
    assert first.strip() == "postgres"


@pytest.mark.parametrize(("password", "code"), [(PASSWORD, 0), ("wrong", 2)])
def test_postgres_asks_for_the_password(
    docker: Docker, database: str, password: str, code: int
) -> None:
    url = "postgresql://archivist@127.0.0.1/vault"

    asked = docker(
        "exec", "--env", f"PGPASSWORD={password}", database, "psql", url, "-c", "select 1"
    )

    assert asked.returncode == code, asked.stderr


def test_postgres_refuses_to_begin_without_a_password(docker: Docker) -> None:
    refused = docker.run(POSTGRES, options=AS_POSTGRES)

    assert refused.returncode == 1
    assert "POSTGRES_PASSWORD is not set: set it" in refused.stderr


def test_postgres_reads_its_password_from_a_file_as_root_too(docker: Docker) -> None:
    env = {**DATABASE, "POSTGRES_PASSWORD_FILE": "/etc/hostname", "POSTGRES_PASSWORD": ""}
    name = docker.start(POSTGRES, options=(*NOWHERE, "--hostname", "h7"), env=env)
    words = ("psql", "--host", "127.0.0.1", "--username", "archivist", "vault", "-c", "select 1")

    assert soon(lambda: docker("exec", "--env", "PGPASSWORD=h7", name, *words).returncode == 0)


def test_postgres_stops_at_once_and_keeps_its_data(docker: Docker) -> None:
    name = docker.start(POSTGRES, options=NOWHERE, env=DATABASE)

    def query(text: str) -> str:
        words = ("psql", "--tuples-only", "--username", "archivist", "vault", "--command", text)
        return docker("exec", name, *words).stdout.strip()

    assert soon(lambda: query("create table kept as select 7") == "SELECT 1")
    began = time.monotonic()
    docker("stop", name)
    assert time.monotonic() - began < 5

    docker("start", name)

    assert soon(lambda: query("select * from kept") == "7")
