"""The daemon: the API, and the controllers beside it. python -m sandbox.rancher."""

from __future__ import annotations

import asyncio
import contextlib

import uvicorn

from sandbox.cluster import network
from sandbox.cluster.api import Cluster
from sandbox.instance import Instance
from sandbox.rancher import controllers, faults
from sandbox.rancher.server import application
from sandbox.rancher.store import Store


async def main(instance: Instance) -> None:
    """Serve until the process is asked to end."""
    kubeconfig = instance.pki / "rancher.conf"
    store = Store(kubeconfig)
    api = uvicorn.Server(
        uvicorn.Config(
            faults.Faulty(application(store), faults.place(instance)),
            host=instance.node_ip,
            port=network.RANCHER,
            ssl_certfile=instance.pki / "rancher.crt",
            ssl_keyfile=str(instance.pki / "rancher.key"),
            lifespan="off",
            server_header=False,
            # Clients keep connections for longer than a provider's longest pause.
            timeout_keep_alive=120,
            # Whoever waits for a slow answer when the daemon ends has waited for nothing.
            timeout_graceful_shutdown=1,
        )
    )
    keeper = asyncio.create_task(controllers.keep(Cluster(kubeconfig), store))
    serving = asyncio.create_task(api.serve())
    # A controller that fails ends the daemon: half a Rancher would be worse than none.
    await asyncio.wait({keeper, serving}, return_when=asyncio.FIRST_COMPLETED)
    api.should_exit = True
    keeper.cancel()
    await serving
    with contextlib.suppress(asyncio.CancelledError):
        await keeper


if __name__ == "__main__":
    asyncio.run(main(Instance.from_environment()))
