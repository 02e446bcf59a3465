"""The applications a demo needs: bundled on the machine, built by the sandbox's Docker."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import images
from sandbox.images import recipes
from sandbox.images.distribution import Registry
from sandbox.images.image import Image
from sandbox.images.recipes import BaseImage
from sandbox.instance import Instance
from sandbox.process import run
from sandbox.toolchain import Report, Toolchain
from sandbox.toolchain.recipe import Recipe

SOURCES = Path(__file__).resolve().parent / "apps"

# What tools leave in a source folder, none of it a source.
LEFTOVERS = ("__pycache__", ".ruff_cache", "build", "media", "node_modules", "static", "wheels")

# Where the base image's C library runs what a wheel brings.
PLATFORMS = tuple(f"manylinux_2_{minor}_x86_64" for minor in (36, 34, 31, 28, 24, 17))


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """One application of one generation."""

    name: str
    generation: str
    tag: str
    base: BaseImage
    bundle: Callable[[Path], None]

    @property
    def repository(self) -> str:
        """Its place in the registry: the name the real one has."""
        return f"wgbhmla/{self.name}"

    @property
    def about(self) -> str:
        """What is said while it is built."""
        return f"building {self.name} {self.tag}, about a minute"

    @property
    def sources(self) -> tuple[Path, Path]:
        """The folders it is made of: what generations share, and what lies over that."""
        return SOURCES / "shared" / self.name, SOURCES / self.generation / self.name

    def image(self, instance: Instance, toolchain: Toolchain) -> Image:
        """Return where its image is in the cache, or will be."""
        return Image(self.recipe(instance, toolchain).folder(instance.cache))

    def recipe(self, instance: Instance, toolchain: Toolchain) -> Recipe:
        """Return how its image gets into the cache."""
        return Recipe(
            name=f"{self.name}-{self.tag}",
            about=self.about,
            parts=lambda: (
                self.base.recipe(instance.cache, toolchain).digest(),
                Path(__file__).read_bytes(),
                *(part for folder in self.sources for part in images.contents(folder, LEFTOVERS)),
            ),
            build=lambda into: self._build(into, instance, toolchain),
            shelf="images",
        )

    def lay(self, context: Path) -> None:
        """Lay its sources where an image can be built of them."""
        leftovers = shutil.ignore_patterns(*LEFTOVERS)
        for folder in self.sources:
            shutil.copytree(folder, context, ignore=leftovers, dirs_exist_ok=True)

    def _build(self, into: Path, instance: Instance, toolchain: Toolchain) -> None:
        context = into / "context"
        self.lay(context)
        self.bundle(context)
        base = images.references(instance)[f"{self.base.repository}:{self.base.tag}"]
        built = f"{instance.registry}/{self.repository}:{self.tag}"
        options = ["--network", "none", "--build-arg", f"BASE={base}", "--tag", built]
        for words in (["build", *options, context], ["push", built]):
            run(
                [toolchain.path("docker"), *words],
                env={
                    "DOCKER_HOST": f"unix://{instance.docker_socket}",
                    # A person's own settings and credentials are of no use here.
                    "DOCKER_CONFIG": str(into / "docker"),
                    "DOCKER_BUILDKIT": "0",
                },
                what=f"Docker could not {words[0]} {self.name} {self.tag}",
            )
        Registry(instance.registry).pull(self.repository, self.tag, into)
        shutil.rmtree(context)
        shutil.rmtree(into / "docker", ignore_errors=True)


def _wheels(context: Path) -> None:
    """Fetch the packages the image installs, for its Python and not for this one."""
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    target = ["--implementation", "cp", "--python-version", "3.11", "--only-binary", ":all:"]
    # The lock names everything; what this machine's own Python would add is no matter.
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    source = ["--no-deps", "--require-hashes", "--requirement", context / "requirements.lock"]
    run(
        [*fetch, *target, *platforms, *source, "--dest", context / "wheels"],
        what="the Python packages of ov-wag could not be downloaded",
    )


def _bundle(context: Path) -> None:
    """Build the pages and leave the packages that serving them needs."""
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"]
    for words in (
        ["ci", "--include", "dev", "--ignore-scripts", *quiet],
        ["run", "build"],
        ["prune", "--omit", "dev", "--ignore-scripts", *quiet],
    ):
        run(["npm", *words], cwd=context, what=f"npm {words[0]} failed for ov-frontend")


APPLICATIONS = tuple(
    Application(name=name, generation=generation, tag=tag, base=base, bundle=bundle)
    for generation, tag in (("0.x", "v0.2.1"), ("1.x", "v1.0.0"))
    for name, base, bundle in (
        ("ov-wag", recipes.PYTHON, _wheels),
        ("ov-frontend", recipes.NODE, _bundle),
    )
)


def missing(instance: Instance, toolchain: Toolchain) -> list[str]:
    """Return the applications that are not in the cache yet."""
    return [
        app.name for app in APPLICATIONS if not app.recipe(instance, toolchain).made(instance.cache)
    ]


def applications(instance: Instance, toolchain: Toolchain, report: Report) -> bool:
    """Have the registry hold the applications' images; return whether it lacked any."""
    registry = Registry(instance.registry)
    changed = False
    for app in APPLICATIONS:
        recipe = app.recipe(instance, toolchain)
        changed |= recipe.provide(instance.cache, report)
        image = app.image(instance, toolchain)
        if registry.digest(app.repository, app.tag) != image.digest:
            report(f"bringing {app.name} {app.tag} to the registry")
            changed = True
        reference = registry.push(image, app.repository, app.tag)
        images.remember(instance, {f"{app.repository}:{app.tag}": reference})
    return changed


def seed(instance: Instance, toolchain: Toolchain, namespace: str) -> str:
    """Put exhibits on a site that has none, and say how many were made."""
    command = ["python3", "manage.py", "seed_exhibits"]
    said = run(
        [
            *(toolchain.path("kubectl"), "--kubeconfig", instance.kubeconfig),
            *("--namespace", namespace, "exec", "deployment/ov-wag", "--", *command),
        ],
        what="the demo's exhibits could not be published",
    )
    return said.splitlines()[-1]
