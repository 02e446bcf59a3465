"""The database as this program starts it: on a new volume, on one that is there, and on trouble."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import pytest

from components.contract import Need
from components.postgres import START, settings
from sandbox.instance import Instance
from sandbox.toolchain import Toolchain
from tests.apps.docker import NOWHERE, RESTRICTED, Docker
from tests.apps.test_applications import POSTGRES, soon

pytestmark = pytest.mark.live

HOME = "/var/lib/postgresql/data"
PASSWORD = "it's \\ nobody's"
FLAGS = [
    word
    for setting in settings(Need(cpu=1, memory=1, memory_limit=1024), 34, 1024)
    for word in ("-c", setting)
]


@dataclass(frozen=True, slots=True)
class Database:
    """A volume, and whoever is started on it."""

    docker: Docker
    volume: str

    def start(self, *, script: str = START, flags: tuple[str, ...] = (), **env: str) -> str:
        """Start a container as a pod would, and return its name."""
        given: Mapping[str, str] = {
            "PGDATA": f"{HOME}/pgdata",
            "POSTGRES_DB": "openvault",
            "POSTGRES_USER": "openvault",
            "POSTGRES_PASSWORD": PASSWORD,
        }
        where = ("--volume", f"{self.volume}:{HOME}", "--tmpfs", "/var/run/postgresql:mode=3777")
        return self.docker.start(
            POSTGRES,
            *("sh", "-c", script, "db", *FLAGS, *flags),
            options=(*RESTRICTED, *NOWHERE, "--user", "70:70", *where),
            env={**given, **env},
        )

    def ready(self, name: str) -> bool:
        """Wait until the server called *name* answers a query."""
        asked = ("exec", name, "psql", "--username=postgres", "--command=SELECT 1")
        return soon(lambda: self.docker(*asked).returncode == 0)

    def ask(self, name: str, query: str, *, user: str = "openvault", password: str = "") -> str:
        """Return what the server called *name* says to *user*, who comes by the network."""
        words = ("psql", "--host=127.0.0.1", f"--username={user}", "openvault", "-Atc", query)
        asked = self.docker("exec", "--env", f"PGPASSWORD={password or PASSWORD}", name, *words)
        return asked.stdout.strip() or asked.stderr.strip()

    def ended(self, name: str) -> str:
        """Wait until the container called *name* has failed, and return what it said."""
        state = ("inspect", "--format={{.State.Status}} {{.State.ExitCode}}", name)
        assert soon(lambda: self.docker(*state).stdout.strip() == "exited 1")
        logs = self.docker("logs", name)
        return logs.stdout + logs.stderr

    def end(self, name: str, signal: str = "KILL") -> None:
        """End a container without a warning, and remove it."""
        self.docker("kill", f"--signal={signal}", name)
        self.docker("rm", "--force", name)

    def shell(self, script: str) -> None:
        """Do something to the volume, as root."""
        done = self.docker.run(
            POSTGRES,
            *("sh", "-c", script),
            options=("--user", "0", "--volume", f"{self.volume}:{HOME}"),
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def database(tools: Toolchain) -> Generator[Database]:
    docker = Docker(Instance.from_environment(), tools)
    made = Database(docker, f"test-{uuid.uuid4().hex[:8]}")
    docker("volume", "create", made.volume)
    made.shell(f"chgrp 70 {HOME} && chmod 2770 {HOME}")
    yield made
    docker("rm", "--force", *docker.started)
    docker("volume", "rm", "--force", made.volume)


def test_a_new_volume_belongs_to_the_site_and_another_password_is_set_at_the_next_start(
    database: Database,
) -> None:
    first = database.start()
    assert database.ready(first)
    assert database.ask(first, "select current_user") == "openvault"
    assert "no pg_hba.conf entry" in database.ask(first, "select 1", user="postgres")
    assert database.ask(first, "show data_checksums") == "on"
    assert database.ask(first, "show lc_collate") == "C"
    database.ask(first, "create table kept as select 7 as number")

    # While the first one serves, a second one does not touch the volume.
    impatient = START.replace("flock -w 60", "flock -w 1")
    assert "another server still writes to this volume" in database.ended(
        database.start(script=impatient)
    )
    assert database.ask(first, "select number from kept") == "7"

    database.end(first)
    second = database.start(POSTGRES_PASSWORD="another")
    assert database.ready(second)
    assert database.ask(second, "select number from kept", password="another") == "7"
    assert "password authentication failed" in database.ask(second, "select 1")
    logs = database.docker("logs", second)
    assert "automatic recovery in progress" in logs.stderr
    assert "another" not in logs.stdout + logs.stderr

    # It stops in order, with somebody connected.
    database.docker(
        "exec", "--detach", second, "psql", "-U", "openvault", "-c", "select pg_sleep(60)"
    )
    database.docker("stop", "--time=20", second)
    assert "database system is shut down" in database.docker("logs", second).stderr


def test_an_end_in_the_middle_of_the_beginning_leaves_nothing_behind(database: Database) -> None:
    half = f"{HOME}/pgdata.new"
    database.shell(f"mkdir {half} && echo 14 > {half}/PG_VERSION && chown -R 70:70 {half}")

    name = database.start()

    assert database.ready(name)
    assert database.ask(name, "select 1") == "1"


def test_data_of_another_version_or_site_are_not_touched(database: Database) -> None:
    first = database.start()
    assert database.ready(first)
    database.docker("stop", first)

    said = database.ended(database.start(POSTGRES_DB="other"))
    assert 'database "other" does not exist' in said
    assert "these are not the site's data" in said
    assert PASSWORD not in said

    database.shell(f"echo 13 > {HOME}/pgdata/PG_VERSION")
    said = database.ended(database.start())
    assert "the data are PostgreSQL 13's, and this image is PostgreSQL 14" in said
