"""Search: OpenSearch, which answers what the applications ask of Elasticsearch."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

from sandbox import files, images
from sandbox.instance import Instance
from sandbox.process import Processes, run
from sandbox.services.asking import answers
from sandbox.toolchain import Report
from sandbox.toolchain.recipe import Recipe

SOURCES = Path(__file__).resolve().parent / "search"

ADDRESS = "127.0.0.1:9200"

# OpenSearch refuses to be root.
USER = "nobody"
GROUP = "nogroup"

# A module has its own libraries beside it.
MODULES = {
    "analysis-common": ("analysis-common-*.jar",),
    "transport-netty4": ("transport-netty4-client-*.jar", "netty-*.jar"),
}

# A small index and nobody in a hurry: little memory, and a quick start.
JAVA = (
    *("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    # It would be in /tmp, whatever the folder for temporary files is.
    "-XX:-UsePerfData",
    "-Djava.security.manager=allow",
)


def _build(into: Path) -> None:
    libraries = into / "lib"
    run(
        [
            *("mvn", "--quiet", "--batch-mode", "--file", SOURCES / "pom.xml"),
            *("dependency:copy-dependencies", "-DincludeScope=runtime"),
            f"-DoutputDirectory={libraries}",
        ],
        what="OpenSearch could not be downloaded with Maven",
        do="Type the same again: what was downloaded is kept",
    )
    shutil.copytree(SOURCES / "modules", into / "modules")
    for empty in ("bin", "plugins"):
        (into / empty).mkdir()
    for module, patterns in MODULES.items():
        for pattern in patterns:
            for jar in libraries.glob(pattern):
                jar.rename(into / "modules" / module / jar.name)


RECIPE = Recipe(
    name="opensearch",
    about="fetching OpenSearch, half a minute",
    # Not its settings, which are laid beside it.
    parts=lambda: (
        *(inspect.getsource(_build), repr(sorted(MODULES.items()))),
        *images.contents(SOURCES, without=("config",)),
    ),
    build=_build,
)


def prepare(instance: Instance, report: Report) -> None:
    """Fetch it unless it is in the cache, and lay it where its user can read and write."""
    RECIPE.provide(instance.cache, report)
    folder, made = _folder(instance), RECIPE.folder(instance.cache)
    if _read(folder / "made-of") != made.name:
        for part in ("bin", "lib", "modules", "plugins"):
            shutil.rmtree(folder / part, ignore_errors=True)
            shutil.copytree(made / part, folder / part)
    for part in ("config", "data", "logs", "tmp"):
        (folder / part).mkdir(exist_ok=True)
        shutil.chown(folder / part, USER, GROUP)
    for source in sorted((SOURCES / "config").iterdir()):
        files.write(folder / "config" / source.name, source.read_bytes())
    files.write(folder / "made-of", made.name)


def start(instance: Instance, processes: Processes) -> bool:
    """Start it unless it runs; return whether it was started now."""
    folder = _folder(instance)
    places = {"home": folder, "conf": folder / "config"}
    return processes.start(
        "search",
        [
            *("setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups", "java", *JAVA),
            *(f"-Dopensearch.path.{name}={place}" for name, place in places.items()),
            f"-Djava.io.tmpdir={folder / 'tmp'}",
            *("-cp", f"{folder}/lib/*", "org.opensearch.bootstrap.OpenSearch"),
        ],
        configuration=[folder / "made-of", *sorted((SOURCES / "config").iterdir())],
    )


def settle(instance: Instance, processes: Processes) -> None:
    """Wait until it answers."""
    processes.wait_until("search", lambda: answers(instance, f"http://{ADDRESS}"), seconds=120)


def _folder(instance: Instance) -> Path:
    return instance.state / "services" / "search"


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
