"""The recording engine, which the other tests believe."""

import pulumi
import pulumi_kubernetes as k8s
import pytest

from declared.engine import run, texts


def test_it_sees_what_a_provider_does_not() -> None:
    def program() -> None:
        first = k8s.core.v1.ConfigMap("first", data={"a": "b"})
        k8s.core.v1.ConfigMap(
            "second",
            opts=pulumi.ResourceOptions(
                depends_on=[first],
                protect=True,
                retain_on_delete=True,
                aliases=[pulumi.Alias(name="former")],
                ignore_changes=["data"],
                custom_timeouts=pulumi.CustomTimeouts(create="3m"),
            ),
        )

    second = run(program).one("ConfigMap", "second")

    assert second.protect
    assert second.retain
    assert "former" in "".join(second.aliases)
    assert second.ignored == ("data",)
    assert second.timeouts["create"] == "3m"
    assert [each.rsplit("::", 1)[-1] for each in second.dependencies] == ["first"]


def test_it_tells_a_secret_from_what_is_none() -> None:
    def program() -> None:
        sealed = pulumi.Output.secret("hunter2")
        k8s.core.v1.Secret("it", metadata={"name": "it"}, string_data={"password": sealed})

    secret = run(program).one("Secret")

    assert secret.secret == {"stringData"}
    assert secret.inputs["stringData"] == {"password": "hunter2"}


def test_one_run_leaves_nothing_for_the_next() -> None:
    run(lambda: pulumi.export("first", "yes"), stack="openvault")

    second = run(lambda: pulumi.export("second", "yes"), stack="ov-demo")

    assert second.exports == {"second": "yes"}
    assert [each.name for each in second.all("Stack")] == ["openvault-ov-demo"]


def test_a_program_that_fails_fails_the_run() -> None:
    def program() -> None:
        raise pulumi.RunError("no")

    with pytest.raises(pulumi.RunError, match="no"):
        run(program)


def test_an_output_that_lands_in_a_text_fails_the_run() -> None:
    def program() -> None:
        k8s.core.v1.ConfigMap("it", data={"at": f"http://{pulumi.Output.from_input('db')}"})

    with pytest.raises(Exception, match="not supported"):
        run(program)


def test_every_text_is_found_however_deep() -> None:
    assert set(texts({"a": ["b", {"c": "d"}], "e": 1})) == {"b", "d"}
