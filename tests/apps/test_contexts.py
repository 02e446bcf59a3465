"""What the images are built from: pinned, closed, and free of this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox.applications import APPLICATIONS, SOURCES, Application
from sandbox.instance import CHECKOUT
from sandbox.process import attempt

OURS = [CHECKOUT / "images" / name for name in ("jumpbox", "ov-nginx")]
PYTHON = [SOURCES / generation / "ov-wag" for generation in ("0.x", "1.x")]
NODE = [SOURCES / generation / "ov-frontend" for generation in ("0.x", "1.x")]


def name(path: Path) -> str:
    """Say which folder a test is about."""
    return str(path.relative_to(CHECKOUT))


@pytest.fixture(params=[*OURS, *APPLICATIONS], ids=lambda one: one.name)
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder that an image is built of."""
    if isinstance(request.param, Application):
        request.param.lay(tmp_path)
        return tmp_path
    return request.param


def instructions(context: Path, verb: str) -> list[str]:
    text = (context / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith(f"{verb} ")]


def test_only_what_is_named_enters_an_image(context: Path) -> None:
    rules = (context / ".dockerignore").read_text().splitlines()

    assert next(rule for rule in rules if not rule.startswith("#")) == "*"


def test_the_base_is_an_argument(context: Path) -> None:
    assert instructions(context, "FROM")[-1] == "${BASE}"


@pytest.mark.parametrize("context", OURS, ids=name)
def test_an_image_of_ours_has_a_pinned_base_and_is_not_root(context: Path) -> None:
    base = instructions(context, "ARG")[0].removeprefix("BASE=")
    user = instructions(context, "USER")[-1]

    assert re.search(r":\d", base)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_the_jumpbox_has_what_its_owner_reaches_for() -> None:
    installed = set(" ".join(instructions(CHECKOUT / "images/jumpbox", "RUN")).split())

    assert {"curl", "postgresql-client", "python3"} <= installed


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


@pytest.mark.parametrize("folder", PYTHON, ids=name)
def test_every_python_package_is_pinned_by_hash(folder: Path) -> None:
    lock = (folder / "requirements.lock").read_text()
    packages = [entry for entry in re.split(r"\n(?=\S)", lock) if "==" in entry]

    assert len(packages) > 20
    assert all("--hash=sha256:" in entry for entry in packages)
    assert "http" not in lock


@pytest.mark.parametrize("folder", PYTHON, ids=name)
def test_the_lock_has_what_the_application_asks_for(folder: Path) -> None:
    wanted = {
        re.sub(r"\[.*\]", "", line.lower())
        for line in (folder / "requirements.txt").read_text().splitlines()
        if "==" in line
    }
    lock = (folder / "requirements.lock").read_text()
    locked = set(re.findall(r"^(\S+==\S+)", lock, re.MULTILINE))

    assert wanted <= locked


@pytest.mark.parametrize("folder", [*NODE, CHECKOUT / "sandbox/images/files/node"], ids=name)
def test_every_npm_package_is_exact_and_comes_from_wherever_npm_is_told(folder: Path) -> None:
    asked = json.loads((folder / "package.json").read_text())
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]

    for versions in (asked.get("dependencies", {}), asked.get("devDependencies", {})):
        for name, version in versions.items():
            assert lock[f"node_modules/{name}"]["version"] == version
    assert not [name for name, entry in lock.items() if "resolved" in entry]
    assert all(
        "integrity" in entry or entry.get("inBundle") for name, entry in lock.items() if name
    )


@pytest.mark.parametrize("folder", PYTHON, ids=name)
def test_ov_wag_starts_as_the_generation_it_stands_for(folder: Path) -> None:
    context = SOURCES / "shared/ov-wag"

    assert instructions(context, "ENTRYPOINT") == ["./docker_entrypoints/deploy.sh"]
    assert instructions(context, "EXPOSE") == ["80"]
    assert not instructions(context, "USER")
    assert "exec " not in (folder / "docker_entrypoints/deploy.sh").read_text()


def test_ov_frontend_starts_as_the_generation_it_stands_for() -> None:
    first, second = NODE

    assert instructions(first, "CMD") == ["npm run start"]
    assert instructions(first, "WORKDIR") == ["/var/app"]
    assert not instructions(first, "USER")
    assert instructions(second, "CMD")[0].startswith('["')
    assert instructions(second, "WORKDIR") == ["/app"]
    assert instructions(second, "USER") == ["remix"]


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda one: f"{one.name}-{one.tag}")
def test_no_generation_lays_its_own_over_what_is_shared(application: Application) -> None:
    """A file that both have would be one that looks shared and is not."""
    shared, own = (
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in application.sources
    )

    assert not shared & own
