"""Run a controller of the sandbox that the environment names: python -m sandbox.cluster NAME."""

from __future__ import annotations

import asyncio
import sys

from sandbox.cluster import edge, netpol, provisioner
from sandbox.instance import Instance

CONTROLLERS = {"edge": edge.main, "netpol": netpol.main, "provisioner": provisioner.main}

if __name__ == "__main__":
    asyncio.run(CONTROLLERS[sys.argv[1]](Instance.from_environment()))
