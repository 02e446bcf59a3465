"""What the tests of a running cluster share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from sandbox.instance import Instance
from tests.cluster.kubectl import Namespace


@pytest.fixture(scope="session")
def instance() -> Instance:
    found = Instance.from_environment()
    if not found.kubeconfig.exists():
        pytest.fail(f"sandbox {found.name} is not up; type: OV_SANDBOX={found.name} make up")
    return found


@pytest.fixture
def namespace(instance: Instance) -> Iterator[Namespace]:
    made = Namespace(instance, f"test-{uuid.uuid4().hex[:8]}")
    made.kubectl("create", "namespace", made.name)
    made.kubectl("label", "namespace", made.name, "pod-security.kubernetes.io/enforce=restricted")
    yield made
    made.kubectl("delete", "namespace", made.name, "--wait=false")
