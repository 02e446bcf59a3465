"""A throw-away Pulumi project with Rancher's resources, and a look at Rancher itself."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import Any

import httpx
from typing_extensions import override

from sandbox.instance import Instance
from sandbox.rancher import accounts
from tests.plugins.project import Project

PROGRAM = """\
import json
import os
from pathlib import Path

import pulumi
import pulumi_rancher2 as rancher2

wanted = json.loads(Path("wanted.json").read_text())
within = pulumi.ResourceOptions(
    provider=rancher2.Provider(
        "rancher",
        api_url=os.environ["OV_RANCHER_URL"],
        token_key=Path(os.environ["OV_RANCHER_TOKEN_FILE"]).read_text(),
        ca_certs=Path(os.environ["OV_CA_FILE"]).read_text(),
        timeout="20s",
    )
)


def options(args):
    more = {key: args.pop(key) for key in ("import_", "ignore_changes") if key in args}
    return pulumi.ResourceOptions.merge(within, pulumi.ResourceOptions(**more))


project = wanted["project"]
made = rancher2.Project("project", cluster_id="local", opts=options(project), **project)
for kind in ("ProjectRoleTemplateBinding", "Namespace"):
    args = wanted.get(kind)
    if args:
        args.setdefault("project_id", made.id)
        getattr(rancher2, kind)(kind.lower(), opts=options(args), **args)
pulumi.export("project", made.id)
"""


class RancherProject(Project):
    """A project that makes a Rancher project, and perhaps a binding and a namespace in it."""

    @override
    def lay(self) -> None:
        self.program(PROGRAM)

    @property
    @override
    def env(self) -> dict[str, str]:
        return {
            **super().env,
            "OV_RANCHER_URL": self.instance.rancher,
            "OV_RANCHER_TOKEN_FILE": str(accounts.token_file(self.instance)),
            "OV_CA_FILE": str(self.instance.ca),
            **self.more,
        }

    def wants(
        self,
        project: dict[str, Any],
        binding: dict[str, Any] | None = None,
        namespace: dict[str, Any] | None = None,
    ) -> None:
        """Choose what the program describes."""
        wanted = {
            "project": project,
            "ProjectRoleTemplateBinding": binding,
            "Namespace": namespace,
        }
        (self.folder / "wanted.json").write_text(json.dumps(wanted))

    def id(self) -> str:
        """Return the id of the project as the program exports it."""
        said = self.pulumi("stack", "output", "--json", "--stack", "test").stdout
        return json.loads(said)["project"]

    def refresh(self) -> str:
        """Refresh and return what was written."""
        return self.pulumi("refresh", "--yes", "--skip-preview", "--stack", "test").stdout


@dataclass(frozen=True)
class Rancher:
    """Rancher's API, asked without the provider, as its pages do."""

    client: httpx.Client

    @classmethod
    def of(cls, instance: Instance) -> Rancher:
        """Return the API of a sandbox, with its administrator's rights."""
        token = accounts.token_file(instance).read_text()
        return cls(
            httpx.Client(
                base_url=instance.rancher,
                verify=ssl.create_default_context(cafile=str(instance.ca)),
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
                timeout=30,
            )
        )

    def get(self, path: str) -> dict[str, Any]:
        """Return an object."""
        return self._json(self.client.get(path))

    def is_there(self, path: str) -> bool:
        """Whether there is an object."""
        answer = self.client.get(path)
        assert answer.status_code in {200, 404}, answer.text
        return answer.status_code == 200

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the projects of a name."""
        return self.get(f"/v3/projects?name={name}")["data"]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Make an object."""
        return self._json(self.client.post(path, json=body))

    def put(self, path: str, **body: Any) -> dict[str, Any]:
        """Change some fields of an object."""
        return self._json(self.client.put(path, json=body))

    def delete(self, path: str) -> None:
        """Delete an object."""
        answer = self.client.delete(path)
        assert answer.status_code < 300, answer.text

    @staticmethod
    def _json(answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code < 300, answer.text
        return answer.json()
