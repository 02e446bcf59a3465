"""What the images are built from: pinned, closed, and free of this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox.instance import CHECKOUT
from sandbox.process import attempt

OURS = [CHECKOUT / "images" / name for name in ("jumpbox", "ov-nginx")]
FIXTURES = [CHECKOUT / "sandbox/apps" / name for name in ("ov-frontend", "ov-wag")]
EVERY = pytest.mark.parametrize("context", OURS + FIXTURES, ids=lambda path: path.name)


def instructions(context: Path, verb: str) -> list[str]:
    text = (context / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith(f"{verb} ")]


@EVERY
def test_only_what_is_named_enters_an_image(context: Path) -> None:
    rules = (context / ".dockerignore").read_text().splitlines()

    assert next(rule for rule in rules if not rule.startswith("#")) == "*"


@EVERY
def test_the_base_is_an_argument(context: Path) -> None:
    assert instructions(context, "FROM")[-1] == "${BASE}"


@pytest.mark.parametrize("context", OURS, ids=lambda path: path.name)
def test_an_image_of_ours_has_a_pinned_base_and_is_not_root(context: Path) -> None:
    base = instructions(context, "ARG")[0].removeprefix("BASE=")
    user = instructions(context, "USER")[-1]

    assert re.search(r":\d", base)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_the_proxys_image_has_every_file_it_copies() -> None:
    context = CHECKOUT / "images/ov-nginx"
    allowed = {
        rule[1:] for rule in (context / ".dockerignore").read_text().split() if rule[0] == "!"
    }
    [*copied, _] = instructions(context, "COPY")[0].split()

    assert set(copied) == allowed
    assert all((context / name).is_file() for name in copied)


def test_the_proxys_entry_point_is_proper_shell() -> None:
    assert attempt(["sh", "-n", CHECKOUT / "images/ov-nginx/entrypoint.sh"]).returncode == 0


def test_every_python_package_is_pinned_by_hash() -> None:
    lock = (CHECKOUT / "sandbox/apps/ov-wag/requirements.lock").read_text()
    packages = [entry for entry in re.split(r"\n(?=\S)", lock) if "==" in entry]

    assert len(packages) > 20
    assert all("--hash=sha256:" in entry for entry in packages)
    assert "http" not in lock


def test_the_lock_has_what_the_application_asks_for() -> None:
    folder = CHECKOUT / "sandbox/apps/ov-wag"
    wanted = {
        line.lower()
        for line in (folder / "requirements.txt").read_text().splitlines()
        if "==" in line
    }
    lock = (folder / "requirements.lock").read_text()
    locked = set(re.findall(r"^(\S+==\S+)", lock, re.MULTILINE))

    assert wanted <= locked


@pytest.mark.parametrize(
    "folder", ["sandbox/apps/ov-frontend", "sandbox/images/files/node"], ids=lambda path: path
)
def test_every_npm_package_is_exact_and_comes_from_wherever_npm_is_told(folder: str) -> None:
    asked = json.loads((CHECKOUT / folder / "package.json").read_text())
    lock = json.loads((CHECKOUT / folder / "package-lock.json").read_text())["packages"]

    for versions in (asked.get("dependencies", {}), asked.get("devDependencies", {})):
        for name, version in versions.items():
            assert lock[f"node_modules/{name}"]["version"] == version
    assert not [name for name, entry in lock.items() if "resolved" in entry]
    assert all(
        "integrity" in entry or entry.get("inBundle") for name, entry in lock.items() if name
    )


def test_ov_wag_starts_as_the_generation_it_stands_for() -> None:
    context = CHECKOUT / "sandbox/apps/ov-wag"

    assert instructions(context, "ENTRYPOINT") == ["./docker_entrypoints/deploy.sh"]
    assert instructions(context, "EXPOSE") == ["80"]
    assert not instructions(context, "USER")
    assert "exec " not in (context / "docker_entrypoints/deploy.sh").read_text()


def test_ov_frontend_starts_as_the_generation_it_stands_for() -> None:
    context = CHECKOUT / "sandbox/apps/ov-frontend"

    assert instructions(context, "CMD") == ["npm run start"]
    assert instructions(context, "WORKDIR") == ["/var/app"]
    assert not instructions(context, "USER")
