"""What the tests of Rancher's API start from: a sandbox that is up."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from sandbox.instance import Instance
from sandbox.rancher import accounts
from tests.cluster.kubectl import Namespace
from tests.rancher.provider import Document, Provider


@pytest.fixture(scope="session")
def instance() -> Instance:
    found = Instance.from_environment()
    if not accounts.token_file(found).exists():
        pytest.fail(f"sandbox {found.name} is not up; type: OV_SANDBOX={found.name} make up")
    return found


@pytest.fixture
def caller(instance: Instance) -> Callable[[str], Provider]:
    """Return a provider with the token of that name."""

    def with_token(name: str) -> Provider:
        token = accounts.token_file(instance, name).read_text()
        return Provider(instance.rancher, instance.ca, token)

    return with_token


@pytest.fixture
def admin(caller: Callable[[str], Provider]) -> Provider:
    """Return the administrator's provider, with the schemas of everything."""
    found = caller("admin")
    found.configure()
    found.cluster_client("local")
    return found


@pytest.fixture
def name() -> str:
    """Return a name that nobody has."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def project(admin: Provider, name: str) -> Iterator[Document]:
    """Return a project without quotas."""
    made = admin.made("project", clusterId="local", name=name)
    yield made
    admin.delete(made)


@pytest.fixture
def space(instance: Instance, name: str) -> Iterator[Namespace]:
    """Return a namespace that kubectl made, of no project."""
    made = Namespace(instance, name)
    made.kubectl("create", "namespace", name)
    yield made
    made.kubectl("delete", "namespace", name, "--wait=false")
