"""`ov dev`: the stack on this machine, and what keeps it from being there, in words."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.dev import command
from operations.errors import Exit
from tests.operations.conftest import Ov
from tests.programs import program

ENVIRONMENT = {
    "OV_BASE_URL": "http://openvault.localhost:8080",
    "OV_ADMIN_BASE_URL": "http://admin.openvault.localhost:8080",
    "DJANGO_SUPERUSER_USERNAME": "admin",
}
CONFIG = json.dumps({"services": {"migrate": {"environment": ENVIRONMENT}}})
# Docker with a compose where everything is well; $here is the folder of the program itself.
WELL = f"""
here=$(dirname "$0")
echo "$*" >> "$here/asked"
case "$*" in
    version*) echo 20.10.24 ;;
    "compose version --short") echo "${{COMPOSE_VERSION:-2.40.3}}" ;;
    *" config "*) echo '{CONFIG}' ;;
    *" up "*) cat "$here/code" > /dev/null 2>&1 && exit 1; exit 0 ;;
    *" ps --all "*) cat "$here/state" ;;
    *" ps --status running "*) cat "$here/running" 2> /dev/null ;;
    *" logs --no-log-prefix "*) echo "the column is missing" ;;
    *" exec "*) cat "$here/seeded"; cat "$here/refuses" >&2 2> /dev/null && exit 1; exit 0 ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the only docker there is."""
    folder = tmp_path / "bin"
    program(folder / "docker", WELL)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    for name in ("OV_PORT", "OV_ADDRESS", "OV_FRONTEND_PORT"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Return a port at which somebody listens, chosen for the site."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number: int = taken.getsockname()[1]
        monkeypatch.setenv("OV_PORT", str(number))
        yield number


@pytest.fixture(autouse=True)
def free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no port of the machine matter but those a test speaks of."""
    taken = command.taken

    def only_chosen(address: str, port: int) -> bool:
        return port != 8080 and taken(address, port)

    monkeypatch.setattr(command, "taken", only_chosen)


def asked(docker: Path) -> str:
    return (docker / "asked").read_text()


def checkout(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("__", ".").replace("_", "-")).write_text(text)
    return folder


def variables(folder: Path) -> dict[str, str]:
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_up_makes_secrets_that_only_their_owner_reads_and_nobody_prints(
    typed: Ov, docker: Path, tmp_path: Path
) -> None:
    said = typed("dev", "up")

    assert said.code == 0, said.err
    made = variables(tmp_path)
    assert made.keys() == {"OV_ADMIN_PASSWORD", "OV_DATABASE_PASSWORD", "OV_SECRET_KEY"}
    assert len(set(made.values())) == 3
    assert len(made["OV_SECRET_KEY"]) > 50
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert [each for each in made.values() if each in said.out + said.err + asked(docker)] == []


def test_up_says_where_the_site_is_and_waits_until_it_is_well(typed: Ov, docker: Path) -> None:
    said = typed("dev", "up")

    assert "http://admin.openvault.localhost:8080" in said.out
    assert "./ov dev seed" in said.out
    assert "up --detach --remove-orphans --wait" in asked(docker)


def test_a_second_up_keeps_the_secrets_and_a_persons_own_lines(
    typed: Ov, docker: Path, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("# mine\nOV_WAG_IMAGE=other\nOV_ADMIN_PASSWORD=my-own\n")

    typed("dev", "up")
    first = (tmp_path / ".env").read_text()
    typed("dev", "up")

    assert first.startswith("# mine\nOV_WAG_IMAGE=other\nOV_ADMIN_PASSWORD=my-own\n")
    assert (tmp_path / ".env").read_text() == first


def test_a_checkout_is_mounted_until_the_next_up_without_it(
    typed: Ov, docker: Path, tmp_path: Path
) -> None:
    wag = checkout(tmp_path / "wag", manage__py="")

    assert typed("dev", "up", "--wag", str(wag)).code == 0
    chosen = variables(tmp_path)
    assert chosen["OV_WAG_CHECKOUT"] == str(wag)
    assert chosen["COMPOSE_FILE"] == "compose.yaml:compose.wag.yaml"
    assert "--file compose.yaml --file compose.wag.yaml up" in asked(docker)
    assert {each.name for each in wag.iterdir()} == {"manage.py", "media", "static"}

    typed("dev", "up")
    assert {"OV_WAG_CHECKOUT", "COMPOSE_FILE"} & variables(tmp_path).keys() == set()


def test_a_front_end_runs_as_the_owner_of_its_checkout(
    typed: Ov, docker: Path, tmp_path: Path
) -> None:
    package = json.dumps({"scripts": {"dev": "remix vite:dev"}})
    frontend = checkout(tmp_path / "frontend", package__json=package, package_lock__json="{}")

    assert typed("dev", "up", "--frontend", str(frontend)).code == 0
    owner = frontend.stat()
    assert variables(tmp_path)["OV_FRONTEND_OWNER"] == f"{owner.st_uid}:{owner.st_gid}"


@pytest.mark.parametrize(
    ("option", "files", "why"),
    [
        ("--wag", {"README": ""}, "it has no manage.py"),
        ("--wag", None, "there is no such folder"),
        ("--frontend", {"package__json": "{}"}, "it has no package-lock.json"),
        (
            "--frontend",
            {"package__json": "{}", "package_lock__json": ""},
            "npm run dev means nothing there",
        ),
        (
            "--frontend",
            {"package__json": "[", "package_lock__json": ""},
            "its package.json is no JSON",
        ),
    ],
)
def test_what_is_no_checkout_is_refused_before_anything_starts(  # noqa: PLR0913, PLR0917
    typed: Ov, docker: Path, tmp_path: Path, option: str, files: dict[str, str] | None, why: str
) -> None:
    folder = tmp_path / "other"
    if files is not None:
        checkout(folder, **files)

    said = typed("dev", "up", option, str(folder))

    assert said.code == Exit.USAGE
    assert why in said.err
    assert f"./ov dev up {option} PATH" in said.err
    assert not (tmp_path / ".env").exists()


def test_a_port_that_somebody_has_is_told_before_docker_tells_it(
    typed: Ov, docker: Path, port: int
) -> None:
    said = typed("dev", "up")

    assert said.code == Exit.UNFIT
    assert f"Port {port} of 127.0.0.1 is taken" in said.err
    assert "OV_PORT=" in said.err
    assert " up " not in asked(docker)


def test_a_port_that_the_stack_itself_has_is_no_reason(typed: Ov, docker: Path, port: int) -> None:
    (docker / "running").write_text("0123456789ab\n")

    assert typed("dev", "up").code == 0


def test_who_does_not_start_is_named_with_its_last_words(typed: Ov, docker: Path) -> None:
    (docker / "code").touch()
    (docker / "state").write_text(
        json.dumps({"Service": "db", "State": "running", "Health": "healthy"})
        + "\n"
        + json.dumps({"Service": "migrate", "State": "exited", "ExitCode": 1, "Health": ""})
    )

    said = typed("dev", "up")

    assert said.code == Exit.SICK
    assert "migrate ended with code 1" in said.err
    assert "the column is missing" in said.err


def test_no_docker_is_told(
    typed: Ov, docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    said = typed("dev", "up")

    assert said.code == Exit.TOOLS
    assert "There is no Docker here" in said.err


@pytest.mark.parametrize(
    ("answers", "code", "what"),
    [
        ("echo 'error: cannot connect' >&2; exit 1", Exit.UNREACHABLE, "Docker does not answer"),
        (
            'case "$1" in version) echo 20;; *) exit 1;; esac',
            Exit.TOOLS,
            "Docker has no compose here",
        ),
        (
            'case "$1" in version) echo 20;; *) echo 1.29.2;; esac',
            Exit.TOOLS,
            "This compose is too old: 1.29.2",
        ),
    ],
)
def test_a_docker_that_will_not_do_is_told(
    typed: Ov, docker: Path, answers: str, code: Exit, what: str
) -> None:
    program(docker / "docker", answers)
    program(docker / "docker-compose", "exit 1")

    said = typed("dev", "up")

    assert said.code == code
    assert what in said.err


def test_a_reset_asks_first(typed: Ov, docker: Path) -> None:
    assert typed("dev", "reset").code == Exit.UNACKNOWLEDGED
    assert not (docker / "asked").exists()

    assert typed("dev", "reset", "--yes").code == 0
    assert "compose.frontend.yaml --profile jumpbox down --volumes" in asked(docker)


def test_down_keeps_the_data(typed: Ov, docker: Path) -> None:
    assert typed("dev", "down").code == 0

    assert "--profile jumpbox down" in asked(docker)
    assert "--volumes" not in asked(docker)


def test_an_image_without_exhibits_says_so(typed: Ov, docker: Path, tmp_path: Path) -> None:
    typed("dev", "up")
    (docker / "running").write_text("0123456789ab\n")
    (docker / "seeded").write_text("3 made\n")
    assert typed("dev", "seed").out == "3 made\n"

    (docker / "refuses").write_text("Unknown command: 'seed_exhibits'\n")
    said = typed("dev", "seed")
    assert said.code == Exit.UNFIT
    assert "This ov-wag brings no exhibits" in said.err


@pytest.mark.parametrize("verb", ["seed", "logs"])
def test_what_does_not_run_cannot_be_asked(typed: Ov, docker: Path, verb: str) -> None:
    said = typed("dev", verb)

    assert said.code == Exit.MISSING
    assert "./ov dev up" in said.err
