"""What the provider does with each resource, whatever its type."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from sandbox.plugins.rancher2.client import Api, Rancher
from sandbox.plugins.rancher2.errors import GONE, RancherError, RefusedError
from sandbox.plugins.rancher2.shape import Shape
from sandbox.plugins.rancher2.waiting import Wait
from sandbox.plugins.values import table

State = dict[str, Any]

REMOVED = "removed"


class Resource(ABC):
    """How one type of resource is created, read, updated and deleted."""

    shape: ClassVar[Shape]
    # What Rancher's API calls it, and what a person does.
    kind: ClassVar[str]
    noun: ClassVar[str]
    # Which states it may be in after a creation and after a deletion.
    on_creation: ClassVar[Collection[str]] = ()
    on_deletion: ClassVar[Collection[str]] = ("removing",)
    # Which state a refusal stands for, and which one while it is being created.
    refusals: ClassVar[Mapping[int, str]] = dict.fromkeys(GONE, REMOVED)
    refusals_on_creation: ClassVar[Mapping[int, str]] = refusals

    def __init__(self, rancher: Rancher) -> None:
        self._rancher = rancher

    @abstractmethod
    def create(self, wanted: State, limit: float) -> str:
        """Create it and return its id; whatever fails here, nothing was created."""

    def created(self, identity: str, wanted: State, limit: float) -> State:
        """Wait until what was just created is there, and return its state."""
        api = self._api(wanted)
        wait = Wait("active", self.on_creation, limit)
        self._wait(api, identity, "created", wait, self.refusals_on_creation)
        return self._closing_read(identity, wanted)

    @abstractmethod
    def read(self, identity: str, state: State) -> State | None:
        """Return its state, None if it is gone; *state* is kept where Rancher says nothing."""

    def find(self, identity: str) -> tuple[str, State] | None:
        """Return the id and the state of one that nobody has a state of."""
        # The official one asks twice, once for the import and once for its refresh.
        first = self.read(identity, {})
        state = None if first is None else self.read(identity, first)
        return None if state is None else (identity, state)

    def update(self, identity: str, state: State, wanted: State, limit: float) -> State:
        """Make it what is *wanted*, wait for that, and return its state."""
        api = self._api(state)
        found = api.by_id(self.kind, identity)
        answered = self._change(api, found, wanted)
        self._wait(api, answered, "updated", Wait("active", ("active",), limit))
        return self._closing_read(identity, wanted)

    def delete(self, identity: str, state: State, limit: float) -> None:
        """Delete it and wait until it is gone."""
        api = self._api(state)
        try:
            found = api.by_id(self.kind, identity)
        except RefusedError as error:
            if self._is_absent(error):
                return
            raise
        try:
            api.delete(self.kind, found)
        except RancherError as error:
            title = " ".join(word.capitalize() for word in self.noun.split())
            raise RancherError(f"Error removing {title}: {error}") from error
        self._wait(api, identity, REMOVED, Wait(REMOVED, self.on_deletion, limit))

    def _api(self, state: State) -> Api:
        """Return the part of the API that has it."""
        del state
        return self._rancher.management()

    @abstractmethod
    def _change(self, api: Api, found: Mapping[str, Any], wanted: State) -> str:
        """Send the change and return the id in the answer."""

    def _state_of(self, found: Mapping[str, Any]) -> str:
        return found.get("state") or ""

    def _is_absent(self, error: RefusedError) -> bool:
        """Whether there is nothing to delete."""
        return error.is_gone

    def _wait(
        self,
        api: Api,
        identity: str,
        done: str,
        wait: Wait,
        refusals: Mapping[int, str] = refusals,
    ) -> None:
        def look() -> str:
            try:
                return self._state_of(api.by_id(self.kind, identity))
            except RefusedError as error:
                if error.status in refusals:
                    return refusals[error.status]
                raise

        try:
            wait.until(look, self._rancher.clock)
        except RancherError as error:
            raise RancherError(
                f"[ERROR] waiting for {self.noun} ({identity}) to be {done}: {error}"
            ) from error

    def _found(self, api: Api, identity: str) -> dict[str, Any] | None:
        try:
            return api.by_id(self.kind, identity)
        except RefusedError as error:
            if error.is_gone:
                return None
            raise

    def _closing_read(self, identity: str, wanted: State) -> State:
        state = self.read(identity, wanted)
        if state is None:
            raise RancherError(f"{self.noun} ({identity}) is gone")
        return state


def owned(found: Mapping[str, Any]) -> State:
    """Return what the state says about every object."""
    return {
        "id": found.get("id"),
        "name": found.get("name") or "",
        "annotations": table(found.get("annotations")),
        "labels": table(found.get("labels")),
    }


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* without the empty ones, which are not sent."""
    return {key: value for key, value in values.items() if value}
