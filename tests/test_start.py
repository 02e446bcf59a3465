"""How PostgreSQL is started on its volume, by programs that only note what they are told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.postgres import START

PASSWORD = "hunter2"

# Each writes its words, and what it reads, to a log of its name.
PROGRAMS = {
    "postgres": """\
[ "$1" = --version ] && echo "postgres (PostgreSQL) 14.2" && exit
echo "$*" >> "$LOGS/postgres"
[ "$1" != --single ] || cat >> "$LOGS/read"
[ "$1" = --single ] || [ -z "${POSTGRES_PASSWORD:-}" ] || echo told >> "$LOGS/password"
""",
    "initdb": """\
echo "$*" >> "$LOGS/initdb"
[ ! -e "$LOGS/broken" ] || exit 1
mkdir "${1#--pgdata=}"
echo 14 > "${1#--pgdata=}/PG_VERSION"
""",
}


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume, and the programs of an image."""

    folder: Path

    @property
    def data(self) -> Path:
        """Where the server keeps its data."""
        return self.folder / "pgdata"

    def said(self, log: str) -> str:
        """Return what is in a log."""
        path = self.folder / log
        return path.read_text() if path.is_file() else ""

    def start(self, password: str = PASSWORD, *, script: str = START) -> tuple[int, str]:
        """Start a server here and return its exit code and what it said."""
        env = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "LOGS": str(self.folder),
            "PGDATA": str(self.data),
            "POSTGRES_DB": "site",
            "POSTGRES_USER": "owner",
            "POSTGRES_PASSWORD": password,
        }
        done = subprocess.run(
            ["sh", "-c", script, "db", "-c", "max_connections=9"],
            env=env, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        return done.returncode, done.stderr


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    (tmp_path / "bin").mkdir()
    for name, script in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}")
        (tmp_path / "bin" / name).chmod(0o755)
    return Volume(tmp_path)


def test_a_new_volume_is_filled_once(volume: Volume) -> None:
    assert volume.start()[0] == 0
    assert volume.start()[0] == 0

    assert volume.said("initdb").count("--pgdata") == 1
    assert volume.said("read").count('CREATE DATABASE "site"') == 1


def test_the_server_gets_its_settings(volume: Volume) -> None:
    volume.start()

    assert volume.said("postgres").endswith(f"-D {volume.data} -c max_connections=9\n")


def test_a_volume_that_was_filled_by_half_is_filled_anew(volume: Volume) -> None:
    (volume.folder / "broken").touch()
    assert volume.start()[0] != 0
    assert not volume.data.exists()
    half = volume.folder / "pgdata.new"
    half.mkdir(exist_ok=True)
    (half / "rest").touch()
    (volume.folder / "broken").unlink()

    assert volume.start()[0] == 0
    assert sorted(path.name for path in volume.data.iterdir()) == ["PG_VERSION", "pg_hba.conf"]
    assert not half.exists()


def test_data_of_another_major_version_are_not_touched(volume: Volume) -> None:
    volume.data.mkdir()
    (volume.data / "PG_VERSION").write_text("13\n")

    code, said = volume.start()

    assert code == 1
    assert "the data are PostgreSQL 13's, and this image is PostgreSQL 14" in said
    assert [path.name for path in volume.data.iterdir()] == ["PG_VERSION"]
    assert volume.said("postgres") == ""


def test_the_password_is_set_as_it_is(volume: Volume) -> None:
    volume.start("it's")

    assert "PASSWORD 'it''s';" in volume.said("read")
    assert 'ALTER ROLE "owner" LOGIN NOSUPERUSER' in volume.said("read")


def test_the_password_is_in_no_log_and_no_argument(volume: Volume) -> None:
    _, said = volume.start()

    assert PASSWORD not in said + volume.said("postgres") + volume.said("initdb")
    for line in volume.said("postgres").splitlines():
        # A statement that fails is logged by the server, but for this.
        assert "--single" not in line or "-c log_min_error_statement=panic" in line
    assert volume.said("password") == ""


@pytest.fixture
def writer(volume: Volume) -> Generator[None]:
    """Let another server write to the volume."""
    lock = f"{volume.data}.lock"
    held = ["flock", lock, "sh", "-c", "echo held; exec sleep 60"]
    with subprocess.Popen(held, stdout=subprocess.PIPE, text=True, start_new_session=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        yield
        os.killpg(other.pid, 15)


@pytest.mark.usefixtures("writer")
def test_a_second_server_does_not_start_beside_the_first(volume: Volume) -> None:
    code, said = volume.start(script=START.replace("flock -w 60", "flock -w 0.2"))

    assert code == 1
    assert "another server still writes to this volume" in said
    assert volume.said("initdb") == volume.said("postgres") == ""


def test_a_second_server_waits_for_a_minute() -> None:
    assert "flock -w 60 9 ||" in START
