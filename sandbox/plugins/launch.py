"""How the engine's launchers start a plugin of this package."""

import importlib
import importlib.machinery
import sys
from pathlib import Path
from types import ModuleType


def launch(name: str) -> None:
    """Run the plugin *name* in this process, which does nothing else."""
    skip_sdk()
    importlib.import_module(f"sandbox.plugins.{name}").main()


def skip_sdk() -> None:
    """Let `pulumi.runtime.proto` be imported without the SDK that carries it.

    `import pulumi` runs the whole SDK, which takes half a second for each plugin that the engine
    starts; with empty packages in its place only the generated gRPC modules are loaded.
    """
    found = importlib.machinery.PathFinder.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'pulumi'", name="pulumi")
    home = Path(found.submodule_search_locations[0])
    for name, path in (("pulumi", home), ("pulumi.runtime", home / "runtime")):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(path)]
