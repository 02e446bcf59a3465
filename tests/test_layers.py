"""Who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from components import demand
from components.roster import companions

COMPONENTS = Path(__file__).parent.parent / "components"
COMPANIONS = {name.replace("-", "_") for name in companions()}

GROUPS = (
    "apart",
    "backups",
    "entrance",
    "pair",
    "rancher",
    "scaling",
    "services",
    "size",
    "storage",
)

# From values, over parts, to services and the one that knows them all.
LAYERS = [
    {
        "cluster",
        "contract",
        "demand",
        "dockerfile",
        "endpoint",
        "naming",
        "options",
        "outside",
        "roster",
        "scale",
    },
    {"generations.waiting", "generations.wagtail"},
    {"generations.company"},
    {"generations.one", "generations.zero"},
    {"generations"},
    {"artifact", "held", "postgres", "quota", "reference", "volume"},
    {"answers", "companion", "context", "reader"},
    {"choices", "origin"} | {f"choices.{group}" for group in GROUPS},
    {"data", "settings"},
    {"image", "namespace", "project", "rancher", "registry", "room", "way"},
    {"workload"},
    {"schedule"},
    {"backend", "db", "frontend", "jumpbox", "proxy", *COMPANIONS},
    {"openvault"},
    {"__init__"},
]

# What a module may import from outside this repository, beside the standard library.
OUTSIDE: Mapping[str, set[str]] = {
    "answers": set(),
    "artifact": {"pulumi"},
    "choices.backups": set(),
    "choices.entrance": set(),
    "choices.rancher": set(),
    "choices.scaling": set(),
    "choices.apart": {"yaml"},
    "choices.pair": set(),
    "choices.services": {"pulumi"},
    "choices.size": set(),
    "choices.storage": set(),
    "cluster": {"pulumi", "yaml"},
    "context": set(),
    "contract": set(),
    "data": {"pulumi"},
    "demand": {"pulumi_docker", "pulumi_rancher2"},
    "dockerfile": set(),
    "generations.company": set(),
    "generations.one": set(),
    "generations.wagtail": set(),
    "generations.waiting": set(),
    "generations.zero": set(),
    "held": {"pulumi"},
    "naming": set(),
    "postgres": set(),
    "reference": set(),
    "endpoint": {"pulumi"},
    "options": {"pulumi"},
    "outside": {"pulumi"},
    "origin": {"pulumi"},
    "reader": {"pulumi"},
    "roster": set(),
    "companion": {"pulumi"},
    "settings": {"pulumi"},
    "image": {"pulumi"},
    "project": {"pulumi"},
    "quota": set(),
    "rancher": {"pulumi"},
}
MOST = {"pulumi", "pulumi_kubernetes"}

FILES = {
    path.relative_to(COMPONENTS).as_posix().removesuffix(".py").replace("/", "."): path
    for path in COMPONENTS.rglob("*.py")
}
# A package is called as its folder, and not as the file that makes it one.
MODULES = {name.removesuffix(".__init__"): path.read_text() for name, path in sorted(FILES.items())}


def imports(module: str) -> set[str]:
    """Return every module that *module* imports, by its full name."""
    names = set[str]()
    for node in ast.walk(ast.parse(MODULES[module])):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name for name in inner if name.removeprefix("components.") in MODULES} or {
                node.module or ""
            }
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def ours(module: str) -> set[str]:
    """Return the components that *module* imports."""
    found = {name for name in imports(module) if name.split(".")[0] == "components"}
    return {name.removeprefix("components.") for name in found}


def test_every_module_has_a_layer() -> None:
    assert set(MODULES) == set[str]().union(*LAYERS)


@pytest.mark.parametrize("depth", range(len(LAYERS)))
def test_imports_only_point_down(depth: int) -> None:
    below = set[str]().union(*LAYERS[:depth])

    for module in LAYERS[depth]:
        assert ours(module) <= below, module


@pytest.mark.parametrize("module", MODULES)
def test_a_module_knows_no_more_of_the_outside_than_it_needs(module: str) -> None:
    roots = {name.split(".")[0] for name in imports(module)} - {"components"}

    assert roots - sys.stdlib_module_names <= OUTSIDE.get(module, MOST)


def test_one_module_reads_the_configuration() -> None:
    assert readers("Config(", "pulumi.runtime", "get_stack(") == {"reader"}


def test_only_the_way_to_the_cluster_depends_on_who_deploys() -> None:
    assert readers("os.environ", "Path.home(") == {"cluster"}


def readers(*words: str) -> set[str]:
    """Return the modules in which any of *words* occurs."""
    return {module for module, text in MODULES.items() if any(word in text for word in words)}


def test_what_many_a_stack_needs_nothing_of_is_loaded_by_who_asks_for_it() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys; from components import demand; print(*sys.modules)"],
        cwd=COMPONENTS.parent, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip

    assert "components.demand" in loaded
    assert not {name for name in loaded if name.startswith("pulumi")}
    assert demand.docker.Image.__module__ == "pulumi_docker.image"
    with pytest.raises(AttributeError, match="no attribute 'aws'"):
        demand.aws  # type: ignore[attr-defined]  # noqa: B018


def test_the_program_itself_is_short() -> None:
    assert len((COMPONENTS.parent / "__main__.py").read_text().splitlines()) <= 22
