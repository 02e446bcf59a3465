"""/v3/projectroletemplatebindings: who has which role in a project."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sandbox.rancher import kinds, merging, names, projects, requests, views
from sandbox.rancher.access import Access
from sandbox.rancher.failures import exists, invalid, not_found
from sandbox.rancher.names import Document
from sandbox.rancher.store import Store

PLURAL = "projectroletemplatebindings"
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")

# A field of the API → the field of the object.
SUBJECTS = {
    "userId": "userName",
    "userPrincipalId": "userPrincipalName",
    "groupId": "groupName",
    "groupPrincipalId": "groupPrincipalName",
}


@dataclass(frozen=True, slots=True)
class Bindings:
    """The role bindings of all projects."""

    store: Store
    access: Access

    async def list(self, request: Request) -> Response:
        """Answer with the bindings that the caller may see."""
        base = requests.base(request)
        found: list[Document] = []
        for thing in await self.store.list(kinds.Binding):
            document = views.binding(thing, base)
            wanted = requests.matches(request, document, "projectId", "name", "roleTemplateId")
            caller, place = requests.caller(request), thing["metadata"]["namespace"]
            if wanted and await self.access.allowed(caller, "get", PLURAL, namespace=place):
                found.append(document)
        kind = "projectRoleTemplateBinding"
        return requests.answer(views.collection(kind, f"{base}/v3/{PLURAL}", found))

    async def create(self, request: Request) -> Response:
        """Give one subject a role in a project."""
        given = await requests.body(request)
        project = await projects.find(self.store, requests.text(given, "projectId", required=True))
        backing = names.backing_namespace(project)
        caller = requests.caller(request)
        await self.access.demand(caller, "create", PLURAL, namespace=backing)
        role = requests.text(given, "roleTemplateId", required=True)
        if await self.store.get(kinds.RoleTemplate, role) is None:
            raise not_found(f"roleTemplate {role}")
        name = _name(given)
        made = await self.store.create(
            {
                "apiVersion": names.API,
                "kind": "ProjectRoleTemplateBinding",
                "metadata": {
                    "name": name,
                    "namespace": backing,
                    "annotations": requests.texts(given, "annotations") or {},
                    "labels": {
                        **(requests.texts(given, "labels") or {}),
                        names.MADE_BY: "norman",
                    },
                },
                "projectName": names.project_id(project),
                "roleTemplateName": role,
                **await self._subject(given),
            }
        )
        if made is None:
            raise exists(f"projectRoleTemplateBinding {name}")
        return requests.answer(views.binding(made, requests.base(request)), 201)

    async def get(self, request: Request) -> Response:
        """Answer with one binding."""
        thing = await self._allowed(request, "get")
        return requests.answer(views.binding(thing, requests.base(request)))

    async def update(self, request: Request) -> Response:
        """Change a binding's labels and annotations; role, project and subject stay."""
        thing = await self._allowed(request, "update")
        given = await requests.body(request)

        def change(found: Document) -> None:
            for key in ("annotations", "labels"):
                present = names.part(found["metadata"], key)
                found["metadata"][key] = merging.merged(present, requests.texts(given, key))

        meta = thing["metadata"]
        changed = await self.store.edit(kinds.Binding, meta["name"], change, meta["namespace"])
        if changed is None:
            raise not_found(f"projectRoleTemplateBinding {request.path_params['id']}")
        return requests.answer(views.binding(changed, requests.base(request)))

    async def delete(self, request: Request) -> Response:
        """Take a role away."""
        thing = await self._allowed(request, "delete")
        await self.store.delete(
            kinds.Binding, thing["metadata"]["name"], thing["metadata"]["namespace"]
        )
        return requests.answer(views.binding(thing, requests.base(request)))

    async def _allowed(self, request: Request, verb: str) -> Document:
        place, _, name = request.path_params["id"].partition(":")
        thing = await self.store.get(kinds.Binding, name, place) if place and name else None
        if thing is None:
            raise not_found(f"projectRoleTemplateBinding {request.path_params['id']}")
        caller = requests.caller(request)
        await self.access.demand(caller, verb, PLURAL, name=name, namespace=place)
        return thing

    async def _subject(self, given: Document) -> dict[str, str]:
        subject = {
            field: requests.text(given, key)
            for key, field in SUBJECTS.items()
            if requests.text(given, key)
        }
        user = {"userName", "userPrincipalName"} & subject.keys()
        if len(subject) != 1 and not (user == subject.keys() and len(user) == 2):
            raise invalid("InvalidBodyContent", "exactly one user or group is needed", "userId")
        if not user:
            return subject
        users = await self.store.list(kinds.User)
        if "userName" in subject:
            known = [one for one in users if one["metadata"]["name"] == subject["userName"]]
            if not known:
                raise invalid("InvalidReference", "no such user", "userId")
            principals = known[0].get("principalIds") or [""]
            return {"userPrincipalName": principals[0], **subject}
        principal = subject["userPrincipalName"]
        known = [one for one in users if principal in (one.get("principalIds") or [])]
        found = known[0] if known else await self._new_user(principal)
        return {**subject, "userName": found["metadata"]["name"]}

    async def _new_user(self, principal: str) -> Document:
        """Return the user whom a directory knows and Rancher met just now."""
        name = f"u-{hashlib.sha256(principal.encode()).hexdigest()[:10]}"
        user: Document = {
            "apiVersion": names.API,
            "kind": "User",
            "metadata": {"name": name},
            "displayName": principal,
            "principalIds": [principal, f"local://{name}"],
        }
        return await self.store.create(user) or user


def _name(given: Document) -> str:
    name = requests.text(given, "name") or f"prtb-{secrets.token_hex(3)}"
    if not NAME.fullmatch(name):
        raise invalid("InvalidCharacters", f"{name!r} is no name of an object", "name")
    return name
