"""The stack under Docker Compose, in the sandbox's Docker: from images, then from checkouts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sandbox import images
from sandbox.applications import APPLICATIONS, Application
from sandbox.instance import CHECKOUT
from sandbox.toolchain.golang import COMPOSE
from tests.live.platform import Platform, eventually
from tests.live.project import clone_into

pytestmark = pytest.mark.live

PORT = "8099"
SITE, ADMIN = "openvault.localhost", "admin.openvault.localhost"
EXHIBIT = "Science in the Kitchen"
EVERYTHING = ("container ls --all", "volume ls", "network ls")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A person's clone of this repository, and Docker with compose beside it."""

    platform: Platform
    clone: Path
    variables: dict[str, str]

    def ov(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type `./ov dev …` in the clone."""
        return subprocess.run(
            ["./ov", "dev", *words],
            cwd=self.clone, env=self.variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=400,
        )  # fmt: skip

    def done(self, *words: str) -> str:
        """Type `./ov dev …`, which has to end well, and return what it says."""
        done = self.ov(*words)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def left(self) -> dict[str, list[str]]:
        """Return what Docker has of the stack."""
        mine = ("--filter", "label=com.docker.compose.project=openvault", "--quiet")
        found = {
            kind: self.platform.run("docker", *kind.split(), *mine).stdout.split()
            for kind in EVERYTHING
        }
        return {kind: names for kind, names in found.items() if names}

    @property
    def password(self) -> str:
        """The administrator's password."""
        found = re.search(
            r"^OV_ADMIN_PASSWORD=(.+)$", (self.clone / ".env").read_text(), re.MULTILINE
        )
        assert found
        return found[1]

    def client(self, host: str) -> httpx.Client:
        """Return somebody who asks for *host* at the address where Docker publishes it."""
        at = f"http://{self.variables['OV_ADDRESS']}:{PORT}"
        named = {"Host": f"{host}:{PORT}"}
        return httpx.Client(base_url=at, headers=named, trust_env=False, timeout=30)

    def ask(self, host: str, path: str) -> tuple[int, str]:
        """Return the status and the text of one page; 0 where nobody answers."""
        with self.client(host) as client:
            try:
                answer = client.get(path)
            except httpx.TransportError:
                return 0, ""
        return answer.status_code, answer.text

    def shows(self, host: str, path: str, words: str) -> None:
        """Wait until a page has *words* in it."""
        eventually(f"{host}{path} says {words!r}", lambda: words in self.ask(host, path)[1])


@pytest.fixture(scope="module")
def machine(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Bring the stack up from images; what is left of it in the end is removed."""
    instance = platform.instance
    COMPOSE.provide(instance.cache, print)
    clone = tmp_path_factory.mktemp("machine") / "clone"
    clone_into(clone)
    (clone / "ov").chmod(0o755)
    (clone / ".venv").symlink_to(CHECKOUT / ".venv")
    (clone / ".env").unlink(missing_ok=True)
    known = images.references(instance)
    programs = f"{COMPOSE.folder(instance.cache)}{os.pathsep}{platform.environment['PATH']}"
    variables = {
        **platform.environment,
        "PATH": programs,
        "DOCKER_CONFIG": str(tmp_path_factory.mktemp("docker")),
        # Its build service would ask for more than this Docker brings.
        "DOCKER_BUILDKIT": "0",
        "OV_ADDRESS": instance.node_ip,
        "OV_PORT": PORT,
        "OV_DB_IMAGE": known["sandbox/postgres:14.2"],
        "OV_WAG_IMAGE": known["wgbhmla/ov-wag:v0.2.1"],
        "OV_FRONTEND_IMAGE": known["wgbhmla/ov-frontend:v0.2.1"],
        "OV_NGINX_BASE": known["sandbox/nginx:1.22"],
        "OV_JUMPBOX_BASE": known["sandbox/jumpbox-base:12"],
    }
    machine = Machine(platform=platform, clone=clone, variables=variables)
    try:
        said = machine.done("up")
        assert f"http://{ADMIN}:{PORT}" in said
        assert machine.password not in said
        yield machine
    finally:
        machine.ov("reset", "--yes")


def source(name: str) -> Application:
    """Return the application of generation 0.x by its name."""
    (found,) = (each for each in APPLICATIONS if (each.name, each.generation) == (name, "0.x"))
    return found


def test_the_seeded_exhibits_are_served_through_the_proxy(machine: Machine) -> None:
    assert "made, 0 were there" in machine.done("seed")

    status, home = machine.ask(SITE, "/exhibits")
    pictures = re.findall(r'<img[^>]+src="(/media/[^"]+)"', home)
    assert status == 200
    assert EXHIBIT in home
    assert "ov-wag:8000" not in home
    assert pictures
    assert machine.ask(SITE, pictures[0])[0] == 200


def test_the_administrator_logs_in(machine: Machine) -> None:
    with machine.client(ADMIN) as client:
        form = client.get("/admin/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        entered = client.post(
            "/admin/login/",
            data={
                "csrfmiddlewaretoken": token[1],
                "username": "admin",
                "password": machine.password,
                "next": "/admin/",
            },
            headers={"Origin": f"http://{ADMIN}:{PORT}", "Cookie": cookies(client)},
        )
        assert entered.status_code == 302, entered.text
        within = client.get("/admin/", headers={"Cookie": cookies(client)})

    assert within.status_code == 200
    assert "/admin/logout/" in within.text


def cookies(client: httpx.Client) -> str:
    """Return all cookies: by the address that is asked, none would be sent to the host's name."""
    return "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)


@pytest.fixture(scope="module")
def checkouts(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Mount a copy of either application, with the packages that npm would fetch."""
    root = tmp_path_factory.mktemp("checkouts")
    wag, frontend = root / "ov-wag", root / "ov-frontend"
    for folder in (wag, frontend):
        folder.mkdir()
        source(folder.name).lay(folder)
    package = json.loads((frontend / "package.json").read_text())
    package["scripts"]["dev"] = "remix vite:dev"
    (frontend / "package.json").write_text(json.dumps(package))
    # A development server takes a package by its own name and by another for two packages.
    for file in (frontend / "app").rglob("*.jsx"):
        file.write_text(file.read_text().replace('"#router"', '"@remix-run/react"'))
    fill(machine, frontend)
    machine.done("up", "--wag", str(wag), "--frontend", str(frontend))
    return wag, frontend


def fill(machine: Machine, frontend: Path) -> None:
    """Put the packages into the stack's volume: this Docker's containers reach no registry."""
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts")
    fetched = frontend.with_name("packages")
    fetched.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(frontend / name, fetched)
    subprocess.run(
        ["npm", "ci", "--include", "dev", "--loglevel", "error", *quiet],
        cwd=fetched, check=True, capture_output=True, timeout=200,
    )  # fmt: skip
    shutil.copy(frontend / "package-lock.json", fetched / "node_modules" / ".fetched")
    docker = machine.platform.run
    volume = "openvault_frontend-packages"
    labels = {"project": "openvault", "volume": "frontend-packages", "version": "2.40.3"}
    words = [f"--label=com.docker.compose.{key}={value}" for key, value in labels.items()]
    docker("docker", "volume", "create", *words, volume)
    image = machine.variables["OV_FRONTEND_IMAGE"]
    box = docker("docker", "create", "--volume", f"{volume}:/packages", image).stdout.strip()
    docker("docker", "cp", f"{fetched / 'node_modules'}/.", f"{box}:/packages")
    docker("docker", "rm", box)


def test_an_edit_of_a_checkout_is_seen_at_once(
    machine: Machine, checkouts: tuple[Path, Path]
) -> None:
    wag, frontend = checkouts
    page = wag / "exhibit/templates/exhibit/exhibit_page.html"
    urls = wag / "ov_wag/urls.py"
    about = frontend / "app/routes/about.jsx"
    assert EXHIBIT in machine.ask(SITE, "/exhibits")[1]
    assert machine.ask(ADMIN, "/by-hand/")[0] == 404

    page.write_text(page.read_text().replace("<body>", "<body><p>an edited template</p>"))
    machine.shows(ADMIN, "/science-in-the-kitchen/", "an edited template")

    with urls.open("a") as file:
        file.write(
            "\nfrom django.http import HttpResponse\nfrom django.urls import path\n"
            'urlpatterns.insert(0, path("by-hand/", lambda _: HttpResponse("edited Python")))\n'
        )
    machine.shows(ADMIN, "/by-hand/", "edited Python")

    about.write_text(about.read_text().replace("What is kept", "An edited route, and what is kept"))
    machine.shows(SITE, "/about", "An edited route")


def test_a_reset_leaves_nothing(machine: Machine, checkouts: tuple[Path, Path]) -> None:
    assert set(machine.left()) == set(EVERYTHING)

    machine.done("reset", "--yes")

    assert machine.left() == {}
