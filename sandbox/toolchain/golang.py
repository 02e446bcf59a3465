"""The Go programs: one module each, since their requirements contradict one another."""

from __future__ import annotations

import functools
import inspect
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.process import run
from sandbox.toolchain.recipe import Recipe, files, put

SOURCES = Path(__file__).resolve().parent / "go"

KUBERNETES = "v1.36.3"
PULUMI = "v3.252.0"
COMPOSE_VERSION = "v2.40.3"
# The provider's tags cannot be had as a module; the pseudo-version in go.mod is this release.
PROVIDER = "4.25.0"

KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
)
PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
PROVIDER_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"

# Everything that changes the result is set here, so that no setting of a person's shell does.
SETTINGS = {
    "CGO_ENABLED": "0",
    "GOARCH": "amd64",
    "GOFLAGS": "",
    "GOOS": "linux",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}
FLAGS = ("-trimpath", "-buildvcs=false")


@functools.cache
def version() -> str:
    """Return Go's version, "go1.26.8" for example, or "" where it is not installed."""
    if shutil.which("go") is None:
        return ""
    return run(["go", "env", "GOVERSION"], env={"GOTOOLCHAIN": "local"}).strip()


@dataclass(frozen=True, slots=True)
class Program:
    """A program to link from a module of ours."""

    name: str
    module: str
    package: str = "."
    variables: tuple[str, ...] = ()
    before: Callable[[Path], None] | None = None
    after: Callable[[Path, Path], None] | None = None

    @property
    def linker(self) -> str:
        """Return the flags that strip the program and set the versions it reports."""
        return " ".join(["-s", "-w", *(f"-X {variable}" for variable in self.variables)])

    def parts(self) -> tuple[str | bytes, ...]:
        """Return everything that decides the program, but the compiler."""
        settings = [f"{key}={value}" for key, value in SETTINGS.items()]
        steps = [inspect.getsource(step) for step in (self.before, self.after) if step]
        source = files(SOURCES / self.module)
        return (self.name, self.package, self.linker, *settings, *FLAGS, *steps, *source)

    def build(self, into: Path) -> None:
        """Build it in a copy of its module, since some need files made first."""
        module = into / "module"
        shutil.copytree(SOURCES / self.module, module)
        if self.before:
            self.before(module)
        words = ["build", *FLAGS, "-ldflags", self.linker, "-o", into / self.name, self.package]
        _go(words, module)
        if self.after:
            self.after(module, into)
        shutil.rmtree(module)

    def recipe(self, about: str) -> Recipe:
        """Return how it gets into the cache."""
        return Recipe(self.name, about, self.parts, self.build, compiler=version)


def _go(words: list[str | Path], module: Path) -> str:
    return run(
        ["go", *words],
        cwd=module,
        env=SETTINGS,
        what=f"Go could not build {module.parent.name.lstrip('.')}",
        do="If the network failed, `make up` again continues with what is there",
    )


def _folder(module: Path, dependency: str) -> Path:
    _go(["mod", "download", dependency], module)
    return Path(_go(["list", "-m", "-f", "{{.Dir}}", dependency], module).strip())


def _kubernetes_links(_module: Path, into: Path) -> None:
    for program in KUBERNETES_PROGRAMS:
        (into / program).symlink_to("kube")


def _pulumi_scripts(module: Path, into: Path) -> None:
    """Add the two scripts by which the engine runs Python; they come with the SDK."""
    sdk = _folder(module, PULUMI_SDK)
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        put(sdk / "python" / script, into / os.path.basename(script))  # noqa: PTH119


def _provider_schema(module: Path) -> None:
    """Write the files the provider embeds, as its own build does."""
    folder = _folder(module, PROVIDER_MODULE) / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((folder / "schema.json").read_bytes())
    mapping = json.loads((folder / "terraform-mapping.json").read_bytes())
    compact = (",", ":")
    (module / "schema.json").write_text(
        json.dumps(schema | {"version": PROVIDER}, separators=compact)
    )
    (module / "mapping.json").write_text(json.dumps(mapping, separators=compact))


def _kubernetes_variables() -> tuple[str, ...]:
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {
        "gitVersion": KUBERNETES,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "gitCommit": "0" * 40,
        "buildDate": "1970-01-01T00:00:00Z",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return tuple(
        f"{package}.{key}={value}" for package in packages for key, value in values.items()
    )


RECIPES = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3").recipe("building etcd, half a minute"),
    Program("coredns", "coredns").recipe("building CoreDNS, about a minute"),
    Program(
        "kube", "kubernetes", variables=_kubernetes_variables(), after=_kubernetes_links
    ).recipe("building Kubernetes, about 3 minutes"),
    Program(
        "pulumi",
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        variables=(f"{PULUMI_SDK}/go/common/version.Version={PULUMI}",),
        after=_pulumi_scripts,
    ).recipe("building the Pulumi engine, about 3 minutes"),
    Program(
        "pulumi-resource-kubernetes",
        "provider",
        variables=(f"{PROVIDER_MODULE}/pkg/version.Version={PROVIDER}",),
        before=_provider_schema,
    ).recipe("building Pulumi's Kubernetes provider, about 5 minutes"),
)

# What the tests and the measurements send requests with; `make up` does not need it.
LOAD = Program("vegeta", "vegeta", "github.com/tsenart/vegeta/v12").recipe(
    "building vegeta, which sends requests at a steady rate, about a minute"
)

# Object storage for generation 1.x; `make up` needs it where services were asked for.
OBJECTS = Program("versitygw", "versitygw", "github.com/versity/versitygw/cmd/versitygw").recipe(
    "building the S3 gateway, about 2 minutes"
)

# What reads the workflows of `.github/`; `make check` needs it, `make up` does not.
ACTIONLINT = Program(
    "actionlint", "actionlint", "github.com/rhysd/actionlint/cmd/actionlint"
).recipe("building actionlint, which reads workflows, a quarter of a minute")

# What has the stack on one machine; the tests need it, and `make up` does not.
COMPOSE = Program(
    "docker-compose",
    "compose",
    "github.com/docker/compose/v2/cmd",
    variables=(f"github.com/docker/compose/v2/internal.Version={COMPOSE_VERSION}",),
).recipe("building Docker Compose, about a minute")
