"""What the cluster already holds of a stack, read before anything is planned."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import pulumi

from components.naming import FACT

# Seconds for one question, log-in by a plug-in of the kubeconfig included.
PATIENCE = 30

_LETTERS = "EGKMPTik"
_UNITS = {"": 1} | {
    f"{letter}{end}": base**power
    for end, base in (("", 1000), ("i", 1024))
    for power, letters in enumerate(("kK", "M", "G", "T", "P", "E"), start=1)
    for letter in letters
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A volume claim in the cluster, and what was noted of its data when they were made."""

    size: str
    storage_class: str
    facts: Mapping[str, str]

    @property
    def mebibytes(self) -> float:
        """Its size in MiB, however Kubernetes spells it."""
        number = self.size.rstrip(_LETTERS)
        return float(number) * _UNITS[self.size.removeprefix(number)] / 1024**2


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """The cluster behind a context of the kubeconfig, asked as a person would ask it."""

    context: str

    def ask_claims(self, namespace: str) -> Callable[[], Mapping[str, Claim]]:
        """Ask for the volume claims in *namespace*, and return what waits for the answer.

        They come by their names; none if there is no namespace.
        """
        found = self._ask("persistentvolumeclaims", f"--namespace={namespace}")
        return lambda: {each["metadata"]["name"]: _claim(each) for each in found()}

    def grows(self, storage_class: str) -> bool:
        """Return whether volumes of *storage_class* may become larger."""
        found = self._ask("storageclasses", f"--field-selector=metadata.name={storage_class}")
        return any(each.get("allowVolumeExpansion", False) for each in found())

    def _ask(self, kind: str, *words: str) -> Callable[[], list[dict[str, Any]]]:
        command = ["kubectl", f"--context={self.context}", "get", kind, *words, "--output=json"]
        try:
            asking = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        except FileNotFoundError:
            _refuse("kubectl is not installed, or not in a folder of PATH", "kubectl version")
        return partial(_answer, asking, " ".join(command))


def _answer(asking: subprocess.Popen[str], typed: str) -> list[dict[str, Any]]:
    try:
        said, wrong = asking.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        asking.kill()
        asking.communicate()
        _refuse(f"there was no answer in {PATIENCE} seconds", typed)
    if asking.returncode:
        _refuse(wrong.strip().rpartition("\n")[2], typed)
    return json.loads(said)["items"]


def _refuse(why: str, command: str) -> NoReturn:
    raise pulumi.RunError(
        f"What the cluster holds of this stack could not be read: {why}. Nothing was changed.\n"
        f"    Type: {command}"
    )


def _claim(found: Mapping[str, Any]) -> Claim:
    notes: Mapping[str, str] = found["metadata"].get("annotations", {})
    return Claim(
        size=found["spec"]["resources"]["requests"]["storage"],
        storage_class=found["spec"].get("storageClassName", ""),
        facts={
            key.removeprefix(FACT): value for key, value in notes.items() if key.startswith(FACT)
        },
    )
