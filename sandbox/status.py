"""What a sandbox looks like at the moment."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox import settings
from sandbox.instance import Instance
from sandbox.process import Processes, attempt
from sandbox.rancher import accounts

MEGABYTE = 10**6


def show(instance: Instance, console: Console, *, token: bool = False) -> bool:
    """Print what runs, how large it is and where it is reached; return whether all is well.

    The *token* of Rancher's administrator is printed only when it is asked for.
    """
    processes = Processes(instance)
    names = processes.names()
    daemons = Table("daemon", "processes", "memory", title=f"sandbox {instance.name}", box=None)
    for name in names:
        pids = processes.pids(name)
        daemons.add_row(name, str(len(pids)), f"{resident(pids) / MEGABYTE:.0f} MB")
    ended = processes.ended()
    for name in ended:
        daemons.add_row(f"[red]{name}[/]", "ended", f"see python -m sandbox logs {name}")
    console.print(daemons)
    pods = _objects(instance, "pods", "--all-namespaces")
    nodes = _objects(instance, "nodes")
    if pods:
        table = Table("namespace", "pod", "state", "ready", "restarts", box=None)
        for pod in pods:
            table.add_row(*_row(pod))
        console.print(table)
    facts = Table(box=None, show_header=False)
    facts.add_row("node", "ready" if any(map(_ready, nodes)) else "not ready")
    facts.add_row("site", settings.site_url(instance))
    facts.add_row("admin", settings.admin_url(instance))
    facts.add_row("rancher", instance.rancher)
    facts.add_row("", f"token of its administrator in {accounts.token_file(instance)}")
    if token and accounts.token_file(instance).exists():
        facts.add_row("", accounts.token_file(instance).read_text())
    facts.add_row("memory", f"{resident(processes.all_pids()) / MEGABYTE:.0f} MB")
    facts.add_row("disk", f"{used(instance.state) / MEGABYTE:.0f} MB in {instance.state}")
    console.print(facts)
    return bool(names) and not ended and any(map(_ready, nodes)) and all(map(_ready, pods))


def resident(pids: Iterable[int]) -> int:
    """Return the memory of processes in bytes; what several share is counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def used(folder: Path) -> int:
    """Return the disk space of a folder in bytes, without what is mounted below it."""
    device = folder.stat().st_dev
    total = 0
    for top, folders, files in os.walk(folder):
        with contextlib.suppress(OSError):
            folders[:] = [f for f in folders if os.lstat(f"{top}/{f}").st_dev == device]
            total += sum(os.lstat(f"{top}/{file}").st_blocks * 512 for file in files)
    return total


def _objects(instance: Instance, kind: str, *words: str) -> list[dict[str, Any]]:
    ask = [instance.bin / "kubectl", "--kubeconfig", instance.kubeconfig]
    if not (instance.bin / "kubectl").exists():
        return []
    got = attempt([*ask, "get", kind, *words, "--output=json", "--request-timeout=5s"])
    return json.loads(got.stdout)["items"] if got.returncode == 0 else []


def _ready(thing: dict[str, Any]) -> bool:
    """Say whether a node or pod is ready; a pod that has done its work is well too."""
    status = thing.get("status", {})
    conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
    return conditions.get("Ready") == "True" or status.get("phase") == "Succeeded"


def _row(pod: dict[str, Any]) -> tuple[str, ...]:
    containers = pod["status"].get("containerStatuses", [])
    waiting = [c["state"]["waiting"]["reason"] for c in containers if "waiting" in c["state"]]
    return (
        pod["metadata"]["namespace"],
        pod["metadata"]["name"],
        waiting[0] if waiting else pod["status"]["phase"],
        f"{sum(c['ready'] for c in containers)}/{len(containers)}",
        str(sum(c["restartCount"] for c in containers)),
    )
