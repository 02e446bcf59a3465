"""The docker plugin, asked as the engine asks it."""

import base64
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2

from tests.plugins.provider import (
    DIGEST,
    IMAGE_ID,
    PROVIDER_URN,
    SIGNATURE,
    UNKNOWN,
    URN,
    Answers,
    Provider,
    error_of,
    plugin,
    recording_daemon,
    struct,
)

NAME = "host:5000/a/b:1"


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Provider]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "Dockerfile").write_text("FROM scratch\n")
    with plugin() as served:
        yield served


@pytest.fixture
def daemon(tmp_path: Path, provider: Provider) -> Generator[Answers]:
    with recording_daemon(tmp_path / "docker.sock") as answers:
        provider.configure(host=f"unix://{tmp_path}/docker.sock")
        answers.asked.clear()
        yield answers


def image(**more: Any) -> dict[str, Any]:
    return {
        "imageName": NAME,
        "build": {"context": "c", "platform": "linux/amd64"},
        "skipPush": False,
        **more,
    }


# Check


def test_check_fills_in_what_was_left_out(provider: Provider) -> None:
    checked = provider.check(**image())

    digest = checked["build"].pop("contextDigest")
    assert len(digest) == 64
    assert checked == {
        "imageName": NAME,
        "skipPush": False,
        "buildOnPreview": False,
        "build": {"context": "c", "platform": "linux/amd64", "dockerfile": "c/Dockerfile"},
    }


def test_check_without_a_build_takes_the_programs_folder(
    provider: Provider, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")

    checked = provider.check(imageName=NAME)

    assert checked["build"]["context"] == "."
    assert checked["build"]["dockerfile"] == "Dockerfile"
    assert checked["build"]["platform"].startswith("linux/")


def test_a_platform_nobody_chose_is_told(provider: Provider) -> None:
    checked = provider.check(imageName=NAME, build={"context": "c"})

    platform = checked["build"]["platform"]
    assert provider.engine.kept() == [
        (
            "INFO",
            (
                f"Building your image for {platform} architecture.\n"
                "To ensure you are building for the correct platform, consider explicitly setting "
                "the `platform` field on ImageBuildOptions."
            ),
        )
    ]


def test_check_keeps_what_is_not_known_yet(provider: Provider) -> None:
    build = {"context": "c", "platform": UNKNOWN, "args": {"A": UNKNOWN}, "target": UNKNOWN}

    checked = provider.check(imageName=UNKNOWN, build=build, buildOnPreview=UNKNOWN)

    assert checked["imageName"] == UNKNOWN
    assert checked["build"].items() >= build.items()
    assert checked["buildOnPreview"] is False


def test_an_unknown_dockerfile_or_build_has_no_digest_yet(provider: Provider) -> None:
    one = provider.check(
        imageName=NAME, build={"context": "c", "dockerfile": UNKNOWN, "platform": "linux/amd64"}
    )
    other = provider.check(imageName=NAME, build=UNKNOWN)

    assert "contextDigest" not in one["build"]
    assert other["build"] == UNKNOWN


@pytest.mark.parametrize(
    ("build", "text"),
    [
        ({"builderVersion": "zz"}, "invalid Docker Builder version"),
        ({"cacheFrom": {}}, "cacheFrom requires an `images` field"),
        ({"cacheFrom": {"images": "a"}}, "the `images` field must be a list of strings"),
        (
            {"context": "nosuch"},
            (
                'could not open dockerfile at relative path "nosuch/Dockerfile": '
                "stat nosuch/Dockerfile: no such file or directory"
            ),
        ),
        (
            {"context": "https://github.com/x/y.git"},
            (
                "could not open dockerfile at relative path "
                '"https:/github.com/x/y.git/Dockerfile": '
                "stat https:/github.com/x/y.git/Dockerfile: no such file or directory"
            ),
        ),
        (
            {"context": "c", "dockerfile": "Dockerfile"},
            (
                'could not open dockerfile at relative path "Dockerfile". '
                'Try setting `dockerfile` to "c/Dockerfile"'
            ),
        ),
        (
            {"context": "c", "dockerfile": "/nosuch/Dockerfile"},
            (
                'expected a relative Dockerfile path; got "/nosuch/Dockerfile" instead: '
                "stat /nosuch/Dockerfile: no such file or directory"
            ),
        ),
        (
            {"context": "nosuch", "dockerfile": "c/Dockerfile"},
            "unable to hash build context: resolve : lstat nosuch: no such file or directory",
        ),
    ],
)
def test_a_build_that_cannot_be_is_refused(
    provider: Provider, build: dict[str, Any], text: str
) -> None:
    assert provider.refusal(imageName=NAME, build={"platform": "linux/amd64", **build}) == text


NOT_CANONICAL = (
    '"foo:1": repository name must be canonical.\n'
    "This resource requires all image names to be fully qualified.\n"
    "For example, if you are attempting to push to Dockerhub, prefix your image name with "
    "`docker.io`:\n\n`docker.io/repository/image:tag`"
)


def test_a_name_without_a_registry_is_refused_when_it_is_pushed(provider: Provider) -> None:
    assert provider.refusal(**image(imageName="foo:1")) == NOT_CANONICAL


def test_any_name_will_do_for_an_image_that_stays_or_whose_registry_is_named(
    provider: Provider,
) -> None:
    assert provider.check(**image(imageName="foo:1", skipPush=True))["imageName"] == "foo:1"
    assert provider.check(**image(imageName="FOO", registry={"server": "host:5000"}))


def test_a_cache_needs_a_registry_even_for_an_image_that_stays(provider: Provider) -> None:
    build = {"context": "c", "platform": "linux/amd64", "cacheFrom": {"images": ["host/x"]}}

    assert provider.refusal(imageName="foo:1", skipPush=True, build=build) == NOT_CANONICAL


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"skipPush": "yes"}, "skipPush must be true or false, not str"),
        (
            {"skipPush": UNKNOWN},
            (
                "skipPush is not known before the update. Give it a plain value, not another "
                "resource's output"
            ),
        ),
        ({"build": {"args": {"A": 1}}}, "build.args.A must be a text, not float"),
        ({"build": {"network": 1}}, "build.network must be a text, not float"),
        ({"build": {"addHosts": "a"}}, "build.addHosts must be a list, not str"),
    ],
)
def test_what_crashes_the_official_plugin_is_refused_with_its_name(
    provider: Provider, inputs: dict[str, Any], text: str
) -> None:
    assert provider.refusal(imageName=NAME, **inputs) == text


# Diff


def built(**more: Any) -> dict[str, Any]:
    build = {"context": "c", "contextDigest": "0" * 64}
    return {"imageName": NAME, "build": build, "skipPush": False, "buildOnPreview": False, **more}


def kinds(answer: provider_pb2.DiffResponse) -> dict[str, str]:
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert answer.hasDetailedDiff
    assert not answer.replaces
    assert not answer.deleteBeforeReplace
    return {
        key: provider_pb2.PropertyDiff.Kind.Name(one.kind)
        for key, one in answer.detailedDiff.items()
        if not one.inputDiff
    }


def test_the_same_inputs_need_no_build(provider: Provider) -> None:
    answer = provider.diff(built(), built())

    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"build": {"context": "c", "contextDigest": "1" * 64}}, {"build": "UPDATE"}),
        ({"imageName": "host:5000/a/b:2"}, {"imageName": "UPDATE"}),
        ({"skipPush": True}, {"skipPush": "UPDATE"}),
        ({"buildOnPreview": True}, {"buildOnPreview": "UPDATE"}),
        ({"registry": {"server": "host:5000"}}, {"registry": "ADD"}),
        ({"more": "1"}, {"more": "ADD"}),
    ],
)
def test_a_change_is_an_update_and_never_a_replacement(
    provider: Provider, change: dict[str, Any], found: dict[str, str]
) -> None:
    assert kinds(provider.diff(built(), built(**change))) == found


def test_an_input_that_is_gone_is_a_deletion(provider: Provider) -> None:
    old = built(registry={"server": "host:5000"})

    assert kinds(provider.diff(old, built())) == {"registry": "DELETE"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"username": "a", "password": "b"}, {"username": "c", "password": "d"}),
        ({"server": "h", "password": "b"}, {"server": "h", "password": UNKNOWN}),
        ({"username": "a"}, {"username": "a", "server": "h"}),
        ({"server": "h"}, {}),
    ],
)
def test_another_user_or_password_needs_no_build(
    provider: Provider, old: dict[str, Any], new: dict[str, Any]
) -> None:
    answer = provider.diff(built(registry=old), built(registry=new))

    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_another_registry_needs_a_build(provider: Provider) -> None:
    answer = provider.diff(built(registry={"server": "h"}), built(registry={"server": "i"}))

    assert kinds(answer) == {"registry": "UPDATE"}


def test_a_state_without_the_last_inputs_calls_everything_new(provider: Provider) -> None:
    assert kinds(provider.diff(None, built())) == dict.fromkeys(built(), "ADD")


# Create and update


def test_a_preview_builds_nothing_and_says_only_what_is_known(
    provider: Provider, daemon: Answers
) -> None:
    inputs = provider.check(**image())

    answer = provider.create(inputs, preview=True)

    assert MessageToDict(answer.properties) == inputs
    assert daemon.asked == []


def test_an_image_is_built_then_pushed_and_known_by_the_registrys_digest(
    provider: Provider, daemon: Answers
) -> None:
    inputs = provider.check(**image(registry={"server": "host:5000"}))

    answer = provider.create(inputs)

    properties = MessageToDict(answer.properties)
    secret = properties.pop("__inputs")
    assert answer.id == NAME
    assert properties == {
        "imageName": NAME,
        "baseImageName": NAME,
        "registryServer": "host:5000",
        "context": "c",
        "dockerfile": "Dockerfile",
        "platform": "linux/amd64",
        "repoDigest": f"host:5000/a/b@{DIGEST}",
    }
    assert SIGNATURE in secret
    assert secret["value"] == inputs
    assert daemon.asked == [
        ("POST", "/v1.41/build"),
        ("GET", "/v1.41/images/json"),
        ("POST", "/v1.41/images/host%3A5000/a/b/push"),
    ]


def test_the_builder_hears_every_wish(provider: Provider, daemon: Answers) -> None:
    build = {
        "context": "c",
        "platform": "linux/arm64",
        "target": "final",
        "network": "host",
        "args": {"A": "1"},
        "addHosts": ["db:1.2.3.4"],
    }

    provider.create(provider.check(imageName=NAME, build=build))

    asked = daemon.builds[0]
    assert json.loads(asked.pop("buildargs")[0]) == {"A": "1"}
    assert {key: value[0] for key, value in asked.items()} == {
        "t": NAME,
        "dockerfile": "Dockerfile",
        "platform": "linux/arm64",
        "target": "final",
        "networkmode": "host",
        "extrahosts": "db:1.2.3.4",
        "rm": "0",
        "version": "2",
    }


def test_an_image_that_stays_is_known_by_its_local_id(provider: Provider, daemon: Answers) -> None:
    answer = provider.create(provider.check(**image(skipPush=True)))

    assert answer.properties["repoDigest"] == IMAGE_ID
    assert not daemon.logins


def test_a_build_on_preview_is_not_pushed(provider: Provider, daemon: Answers) -> None:
    answer = provider.create(provider.check(**image(buildOnPreview=True)), preview=True)

    assert answer.properties["repoDigest"] == IMAGE_ID
    assert not daemon.logins


def test_a_build_on_preview_waits_for_what_is_not_known(
    provider: Provider, daemon: Answers
) -> None:
    build = {"context": "c", "platform": "linux/amd64", "args": {"A": UNKNOWN}}
    inputs = provider.check(imageName=NAME, build=build, buildOnPreview=True)

    provider.create(inputs, preview=True)

    assert not daemon.builds
    assert provider.engine.kept() == [
        (
            "WARNING",
            (
                "Minimum inputs for build are unresolved. Continuing without preview image build. "
                "To avoid this warning, ensure image name, dockerfile, args, and context are "
                "resolved at preview."
            ),
        )
    ]


def test_progress_is_shown_for_a_moment_and_nothing_of_it_stays(
    provider: Provider, daemon: Answers
) -> None:
    vertex = b"\x1a\x0c[1/1] COPY a" + b"\x22\x00"
    trace = base64.b64encode(b"\x0a" + bytes([len(vertex)]) + vertex).decode()
    daemon.build.insert(0, {"id": "moby.buildkit.trace", "aux": trace})

    provider.create(provider.check(**image()))

    assert provider.engine.kept() == []
    assert provider.engine.progress() == [
        "Starting Docker build",
        "[1/1] COPY a",
        f"Built image with ID {IMAGE_ID}",
        f'Built image with local id "{IMAGE_ID}", polling image store for image',
        f'Image built successfully, local id "{IMAGE_ID}"',
        "Pushing Image to the registry",
        "Pushed",
        f"Pushed image with digest {DIGEST}",
    ]


def test_a_build_that_fails_says_why(provider: Provider, daemon: Answers) -> None:
    daemon.build[:] = [{"error": "x", "errorDetail": {"message": "unknown instruction: FORM"}}]

    text = error_of(lambda: provider.create(provider.check(**image())))

    assert text == "error reading build output: unknown instruction: FORM"


def test_a_build_that_is_not_accepted_says_why(provider: Provider, daemon: Answers) -> None:
    daemon.refusal = "build tag cannot contain a digest"

    text = error_of(lambda: provider.create(provider.check(**image())))

    assert text == (
        "error building image: Error response from daemon: build tag cannot contain a digest"
    )


def test_a_push_that_fails_says_why(provider: Provider, daemon: Answers) -> None:
    daemon.push[:] = [{"error": "no basic auth credentials"}]

    text = error_of(lambda: provider.create(provider.check(**image())))

    assert text == "error reading push output: no basic auth credentials"


def test_a_context_that_went_away_since_the_check_is_an_error(
    provider: Provider, daemon: Answers, tmp_path: Path
) -> None:
    inputs = provider.check(**image())
    (tmp_path / "c").rename(tmp_path / "d")

    text = error_of(lambda: provider.create(inputs))

    assert text == (
        "error resolving context: unable to evaluate symlinks in context path: "
        "lstat c: no such file or directory"
    )


# Logins


def configured(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text(text)


def login(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_programs_login_is_used_for_the_push(
    provider: Provider, daemon: Answers, tmp_path: Path
) -> None:
    configured(tmp_path, json.dumps({"auths": {"host:5000": {"auth": login("x", "y")}}}))
    registry = {"server": "host:5000", "username": "a", "password": "b"}

    # With a login the builder asks for it in a session, which only a real daemon can open.
    provider.create(provider.check(**image(registry=registry, build=legacy())))

    assert daemon.logins == [{"username": "a", "password": "b", "serveraddress": "host:5000"}]


def legacy() -> dict[str, Any]:
    return {"context": "c", "platform": "linux/amd64", "builderVersion": "BuilderV1"}


@pytest.mark.parametrize(
    ("half", "warning"),
    [
        (
            {"username": "a"},
            "password was not set, although username was; using host credentials file",
        ),
        (
            {"password": "b"},
            "username was not set, although password was; using host credentials file",
        ),
    ],
)
def test_half_a_login_falls_back_to_the_persons_own_with_a_warning(
    provider: Provider, daemon: Answers, tmp_path: Path, half: dict[str, str], warning: str
) -> None:
    configured(tmp_path, json.dumps({"auths": {"http://host:5000": {"auth": login("x", "y")}}}))

    provider.create(provider.check(**image(registry=half, build=legacy())))

    assert provider.engine.kept() == [("WARNING", warning)]
    assert daemon.logins[0]["username"] == "x"
    assert daemon.logins[0]["password"] == "y"


def test_without_any_login_the_registry_is_asked_as_nobody(
    provider: Provider, daemon: Answers
) -> None:
    provider.create(provider.check(**image()))

    assert daemon.logins == [{}]


def test_a_broken_docker_configuration_is_named(
    provider: Provider, daemon: Answers, tmp_path: Path
) -> None:
    configured(tmp_path, "{broken")

    text = error_of(lambda: provider.create(provider.check(**image())))

    assert text.startswith(f"parsing config file ({tmp_path}/config/config.json): ")


# The provider itself


CONFIGURE = "docker native provider returned an unexpected error from Configure: "


def test_a_daemon_that_is_down_is_one_clear_error(provider: Provider, tmp_path: Path) -> None:
    text = error_of(lambda: provider.configure(host=f"unix://{tmp_path}/nosuch.sock"))

    assert text == f"{CONFIGURE}failed to connect to any docker daemon"


def test_the_providers_host_goes_before_the_environments(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording_daemon(tmp_path / "a.sock") as a, recording_daemon(tmp_path / "b.sock") as b:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/b.sock")
        provider.configure(host=f"unix://{tmp_path}/a.sock")
        assert (len(a.asked), len(b.asked)) == (1, 0)

        provider.configure()
        assert (len(a.asked), len(b.asked)) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"host": "foo"}, "unable to parse docker host `foo`"),
        (
            {"caMaterial": "x"},
            "certMaterial, keyMaterial, and caMaterial must all be specified",
        ),
        (
            {"caMaterial": "x", "certPath": "y"},
            "when using raw certificates, certPath must not be specified",
        ),
        (
            {"caMaterial": "x", "certMaterial": "y", "keyMaterial": "z"},
            "tls: failed to find any PEM data in certificate input",
        ),
        (
            {"certPath": "/nosuch"},
            (
                'failed to create tls config: could not read CA certificate "/nosuch/ca.pem": '
                "open /nosuch/ca.pem: no such file or directory"
            ),
        ),
    ],
)
def test_settings_that_lead_nowhere_are_refused(
    provider: Provider, settings: dict[str, str], text: str
) -> None:
    assert error_of(lambda: provider.configure(**settings)) == CONFIGURE + text


def check_config(provider: Provider, **news: Any) -> Any:
    return provider.stub.CheckConfig(provider_pb2.CheckRequest(urn=PROVIDER_URN, news=struct(news)))


def test_settings_come_back_as_they_were_given(provider: Provider) -> None:
    answer = check_config(provider, host="unix:///x", version="5.1.0")

    assert MessageToDict(answer.inputs) == {"host": "unix:///x", "version": "5.1.0"}


def test_a_registry_password_in_the_settings_becomes_a_secret(provider: Provider) -> None:
    auths = json.dumps([{"address": "a", "password": "b"}])

    answer = check_config(provider, registryAuth=auths)

    secret = MessageToDict(answer.inputs)["registryAuth"]
    assert SIGNATURE in secret
    assert secret["value"] == auths


@pytest.mark.parametrize(
    ("news", "text"),
    [
        ({"bogus": "1"}, "Invalid or unknown key. Examine values at 'x.bogus'."),
        (
            {"registryAuth": "[{}]"},
            (
                'Missing required argument. The argument "registry_auth.0.address" is required, '
                "but no definition was found.. Examine values at 'x.registryAuth'."
            ),
        ),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    provider: Provider, news: dict[str, str], text: str
) -> None:
    failures = check_config(provider, **news).failures

    assert [failure.reason for failure in failures] == [
        f"could not validate provider configuration: {text}"
    ]


def diff_config(provider: Provider, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    return MessageToDict(
        provider.stub.DiffConfig(
            provider_pb2.DiffRequest(urn=PROVIDER_URN, olds=struct(olds), news=struct(news))
        )
    )


def test_other_settings_update_the_provider_and_never_replace_it(provider: Provider) -> None:
    answer = diff_config(provider, {"host": "a"}, {"host": "b", "certPath": "c"})

    assert answer == {
        "changes": "DIFF_SOME",
        "diffs": ["certPath", "host"],
        "hasDetailedDiff": True,
        "detailedDiff": {
            "host": {"kind": "UPDATE", "inputDiff": True},
            "certPath": {"inputDiff": True},
        },
    }


def test_the_same_settings_are_no_change(provider: Provider) -> None:
    assert diff_config(provider, {"host": "a"}, {"host": "a"}) == {}


def test_read_says_what_is_known_already_and_asks_nobody(
    provider: Provider, daemon: Answers
) -> None:
    answer = provider.stub.Read(
        provider_pb2.ReadRequest(
            id=NAME, urn=URN, inputs=struct({"a": 1}), properties=struct({"b": 2})
        )
    )

    assert (answer.id, MessageToDict(answer.inputs), MessageToDict(answer.properties)) == (
        NAME,
        {"a": 1},
        {"b": 2},
    )
    assert daemon.asked == []


def test_delete_leaves_the_image_where_it_is(provider: Provider, daemon: Answers) -> None:
    provider.stub.Delete(provider_pb2.DeleteRequest(id=NAME, urn=URN))

    assert daemon.asked == []


def test_another_kind_of_resource_is_refused_with_the_way_out(provider: Provider) -> None:
    urn = "urn:pulumi:s::p::docker:index/container:Container::c"

    text = error_of(lambda: provider.stub.Check(provider_pb2.CheckRequest(urn=urn)))

    assert "docker:index/container:Container" in text
    assert "OV_PULUMI_BIN" in text
