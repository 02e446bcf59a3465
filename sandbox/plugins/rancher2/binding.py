"""`rancher2.ProjectRoleTemplateBinding`."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from sandbox.plugins.rancher2.client import Api
from sandbox.plugins.rancher2.resource import Resource, State, given, owned
from sandbox.plugins.rancher2.shape import Shape

SUBJECTS = ("groupId", "groupPrincipalId", "userId", "userPrincipalId")
PLACE = ("projectId", "roleTemplateId")


class ProjectRoleTemplateBinding(Resource):
    """Somebody's role in a project."""

    shape = Shape(
        type="rancher2:index/projectRoleTemplateBinding:ProjectRoleTemplateBinding",
        texts=("name", *PLACE, *SUBJECTS),
        maps=("annotations", "labels"),
        required=frozenset(PLACE),
        fixed=frozenset({"name", *PLACE, *SUBJECTS}),
        computed=frozenset(SUBJECTS),
    )
    kind = "projectRoleTemplateBinding"
    noun = "project role template binding"
    on_deletion = ("active",)

    @override
    def create(self, wanted: State, limit: float) -> str:
        api = self._api(wanted)
        api.by_id("project", wanted["projectId"])
        api.by_id("roleTemplate", wanted["roleTemplateId"])
        return api.create(self.kind, given({key: wanted[key] for key in _sent(("name", *PLACE))}))[
            "id"
        ]

    @override
    def read(self, identity: str, state: State) -> State | None:
        found = self._found(self._api(state), identity)
        if found is None:
            return None
        return {**owned(found), **{key: found.get(key) or "" for key in (*PLACE, *SUBJECTS)}}

    @override
    def _change(self, api: Api, found: Mapping[str, Any], wanted: State) -> str:
        body = {key: wanted[key] for key in _sent(("roleTemplateId",))}
        return api.update(self.kind, found, body)

    @override
    def _state_of(self, found: Mapping[str, Any]) -> str:
        # A binding that is there is active, whatever it says.
        return "active"


def _sent(more: tuple[str, ...]) -> tuple[str, ...]:
    return ("annotations", "labels", *more, *SUBJECTS)
