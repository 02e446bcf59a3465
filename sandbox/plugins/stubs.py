"""The gRPC stubs that Pulumi's SDK carries, without the SDK around them.

`import pulumi` runs the whole SDK first, half a second for each plugin the engine starts. With
empty packages in its place only the generated modules are loaded.
"""

import importlib.machinery
import sys
from pathlib import Path
from types import ModuleType

if "pulumi" not in sys.modules:
    _found = importlib.machinery.PathFinder.find_spec("pulumi")
    if _found is None or not _found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'pulumi'", name="pulumi")
    _home = Path(_found.submodule_search_locations[0])
    for _name, _path in (("pulumi", _home), ("pulumi.runtime", _home / "runtime")):
        sys.modules[_name] = ModuleType(_name)
        sys.modules[_name].__path__ = [str(_path)]

from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "language_pb2",
    "language_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
]
