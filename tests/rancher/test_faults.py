"""Faults on purpose: they happen when asked for, and the API knows nothing of them."""

from __future__ import annotations

import time

import httpx
import pytest

from sandbox.instance import Instance
from sandbox.rancher import faults
from sandbox.rancher.faults import Fault
from tests.rancher.provider import Document, Provider

pytestmark = pytest.mark.live

PROJECTS = "/v3/projects"


def found(admin: Provider, name: str) -> list[Document]:
    return admin.request("GET", f"{admin.url}{PROJECTS}?name={name}").json()["data"]


def test_a_slow_answer_comes_after_the_work_is_done(
    admin: Provider, instance: Instance, name: str
) -> None:
    begin = time.monotonic()
    with faults.inject(instance, Fault(method="POST", path=PROJECTS, delay=1.5)):
        made = admin.made("project", clusterId="local", name=name)

    assert time.monotonic() - begin > 1.5
    admin.delete(made)


def test_a_connection_that_breaks_leaves_what_was_done(
    admin: Provider, instance: Instance, name: str
) -> None:
    with (
        faults.inject(instance, Fault(method="POST", path=PROJECTS, drop=True)),
        pytest.raises(httpx.RemoteProtocolError),
    ):
        admin.create("project", clusterId="local", name=name)

    (made,) = found(admin, name)
    admin.delete(made)


def test_a_wrong_answer_does_nothing_and_comes_as_often_as_asked(
    admin: Provider, instance: Instance, name: str
) -> None:
    once = Fault(method="GET", path=f"{PROJECTS}/.*", status=503, times=1)
    refused = Fault(method="POST", path=PROJECTS, status=500)
    with faults.inject(instance, once, refused):
        first, second = (admin.by_id("project", "local:p-dfltp").status_code for _ in range(2))
        answer = admin.create("project", clusterId="local", name=name)

    assert (first, second) == (503, 200)
    assert answer.status_code == 500
    assert found(admin, name) == []


def test_nothing_is_wrong_once_it_is_over(admin: Provider, instance: Instance) -> None:
    with faults.inject(instance, Fault(method="GET", path="/v3", status=500)):
        assert admin.request("GET", f"{admin.url}/v3").status_code == 500

    assert admin.request("GET", f"{admin.url}/v3").status_code == 200
    assert not faults.place(instance).exists()
