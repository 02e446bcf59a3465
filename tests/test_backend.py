"""Wagtail."""

from typing import Any

import pulumi
import pytest

from components.backend import Administrator, Backend, BackendArgs
from components.outside import Outside
from declared.engine import Engine, environment_value, run
from tests import parts
from tests.parts import ADMIN, GENERATION, SITE, VOLUME

SECRET_KEY = "k" * 50
PASSWORD = "hunter2"


def backend(
    *,
    image: str = "ov-wag:v1",
    secret_key: str = SECRET_KEY,
    admin_password: str = PASSWORD,
    **administrator: Any,
) -> Engine:
    def program() -> None:
        who = {"name": "admin", "email": "a@example.org"} | administrator
        Backend(
            "ov-wag",
            BackendArgs(
                image=parts.artifact(image),
                generation=GENERATION,
                database=parts.database(),
                site=SITE,
                admin=ADMIN,
                secret_key=pulumi.Output.secret(secret_key),
                administrator=Administrator(**who, password=pulumi.Output.secret(admin_password)),
                outside=Outside(),
                volumes={"static": VOLUME, "media": VOLUME},
                replicas=1,
            ),
        )

    return run(program)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return backend()


def job_name(engine: Engine) -> str:
    return engine.one("Job").object_name


# Environment


def test_it_speaks_to_the_database_it_was_given(engine: Engine) -> None:
    env = engine.one("Deployment").env

    assert (env["OV_DB_HOST"], env["OV_DB_PORT"]) == ("db", "5432")
    assert (env["OV_DB_NAME"], env["OV_DB_USER"]) == ("site", "owner")
    assert env["OV_DB_PASSWORD"] == ("db-credentials", "POSTGRES_PASSWORD")


def test_it_answers_to_its_own_name_and_to_those_of_the_public(engine: Engine) -> None:
    allowed = engine.one("Deployment").env["OV_ALLOWED_HOSTS"].split(",")

    assert allowed == ["ov-wag", "admin.example.org", "site.example.org"]


def test_it_trusts_its_own_origins_as_browsers_spell_them(engine: Engine) -> None:
    origins = engine.one("Deployment").env["OV_TRUSTED_ORIGINS"].split(",")

    assert origins == ["https://admin.example.org:8443", "https://site.example.org"]


def test_it_knows_its_addresses(engine: Engine) -> None:
    env = engine.one("Deployment").env

    # Without the first, the API fails as soon as one exhibit has a picture.
    assert env["OV_ADMIN_BASE_URL"] == "https://admin.example.org:8443"
    assert env["OV_BASE_URL"] == "https://site.example.org"


def test_it_runs_under_the_settings_of_production(engine: Engine) -> None:
    assert engine.one("Deployment").env["DJANGO_SETTINGS_MODULE"] == "ov_wag.settings.production"


def test_every_pod_of_its_image_has_the_same_environment(engine: Engine) -> None:
    server = engine.one("Deployment")
    (static,) = server.pod["initContainers"]

    assert {each["name"]: environment_value(each) for each in static["env"]} == server.env
    assert server.env.items() <= engine.one("Job").env.items()


def test_secrets_are_in_secrets_and_in_no_more_pods_than_need_them(engine: Engine) -> None:
    assert {each.name for each in engine.seen if each.secret} == {
        "ov-wag-credentials",
        "ov-wag-administrator",
    }
    assert "DJANGO_SUPERUSER_PASSWORD" not in engine.one("Deployment").env


# Migration


def test_the_database_fits_before_the_code_serves(engine: Engine) -> None:
    assert engine.one("Job").urn in engine.one("Deployment").dependencies


def test_its_name_is_there_before_it_answers(engine: Engine) -> None:
    service = engine.one("Service")

    assert engine.one("Job").urn not in service.dependencies
    assert service.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_the_migration_runs_its_own_command_and_not_the_images(engine: Engine) -> None:
    container = engine.one("Job").container

    # The image's entry point is a shell that ignores arguments: it would serve forever.
    assert container["command"][:2] == ["python", "-c"]
    assert 'call_command("migrate"' in container["command"][2]
    assert "args" not in container


def test_the_first_administrator_is_made_only_while_there_is_none(engine: Engine) -> None:
    job = engine.one("Job")
    script = job.container["command"][2]

    assert "filter(is_superuser=True).exists()" in script
    assert script.index("migrate") < script.index("createsuperuser")
    assert job.env["DJANGO_SUPERUSER_USERNAME"] == "admin"
    assert job.env["DJANGO_SUPERUSER_EMAIL"] == "a@example.org"
    assert job.env["DJANGO_SUPERUSER_PASSWORD"] == (
        "ov-wag-administrator",
        "DJANGO_SUPERUSER_PASSWORD",
    )


def test_a_release_has_a_migration_of_its_own(engine: Engine) -> None:
    assert job_name(engine).startswith("migrate-")
    assert job_name(backend(image="ov-wag:v2")) != job_name(engine)


def test_a_job_that_does_something_else_is_another_job(engine: Engine) -> None:
    # A Job's template never changes: under the same name it would be refused.
    assert job_name(backend(email="b@example.org")) != job_name(engine)


def test_the_same_release_has_the_same_migration(engine: Engine) -> None:
    assert job_name(backend()) == job_name(engine)


def test_another_secret_migrates_nothing(engine: Engine) -> None:
    other = backend(secret_key="s" * 50, admin_password="*******")

    assert job_name(other) == job_name(engine)


def test_a_migration_that_failed_is_tried_again_by_the_next_up(engine: Engine) -> None:
    job = engine.one("Job")

    assert job.inputs["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    assert job.inputs["spec"]["backoffLimit"] == 3
    assert job.pod["restartPolicy"] == "Never"
    # Gone, it would be run again by the next refresh.
    assert "ttlSecondsAfterFinished" not in job.inputs["spec"]


def test_going_back_to_the_release_before_finds_its_name_free(engine: Engine) -> None:
    assert engine.one("Job").deleted_first


def test_no_request_is_sent_to_a_migration(engine: Engine) -> None:
    selector = engine.one("Service").inputs["spec"]["selector"]

    assert not selector.items() <= engine.one("Job").template["metadata"]["labels"].items()


# Server


def test_it_collects_the_files_of_its_release_before_it_serves(engine: Engine) -> None:
    (static,) = engine.one("Deployment").pod["initContainers"]

    assert static["command"] == ["python", "manage.py", "collectstatic", "--noinput"]
    assert static["image"] == engine.one("Deployment").container["image"]
    assert "/app/static" in {each["mountPath"] for each in static["volumeMounts"]}


def test_it_serves_by_itself_on_a_port_anyone_may_open(engine: Engine) -> None:
    container = engine.one("Deployment").container

    # The image's own entry point is a shell that passes no signal on.
    assert container["command"][0] == "gunicorn"
    assert "--bind=0.0.0.0:8000" in container["command"]
    assert container["ports"] == [{"containerPort": 8000}]


def test_what_it_says_is_in_its_log(engine: Engine) -> None:
    command = engine.one("Deployment").container["command"]

    assert {"--access-logfile=-", "--error-logfile=-"} <= set(command)


def test_its_probes_say_a_name_it_answers_to(engine: Engine) -> None:
    container = engine.one("Deployment").container

    assert container["startupProbe"]["exec"]["command"][-1] == "ov-wag"
    for probe in ("readinessProbe", "livenessProbe"):
        headers = container[probe]["httpGet"]["httpHeaders"]
        assert headers == [{"name": "Host", "value": "ov-wag"}]


def test_a_database_that_is_away_restarts_nothing(engine: Engine) -> None:
    container = engine.one("Deployment").container

    assert container["readinessProbe"]["httpGet"]["path"] == "/admin/login/"
    # This page asks no database.
    assert container["livenessProbe"]["httpGet"]["path"] == "/django-admin/login/"


def test_requests_in_flight_finish(engine: Engine) -> None:
    server = engine.one("Deployment")

    assert server.container["lifecycle"] == {"preStop": {"sleep": {"seconds": 25}}}
    assert server.pod["terminationGracePeriodSeconds"] == 60
    assert server.inputs["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize(
    ("change", "rolls"),
    [({"secret_key": "s" * 50}, True), ({"admin_password": "*******"}, False)],
)
def test_another_secret_starts_new_pods_of_those_who_read_it(
    engine: Engine, change: dict[str, str], *, rolls: bool
) -> None:
    other = backend(**change)

    assert (other.one("Deployment").inputs != engine.one("Deployment").inputs) is rolls


def test_the_mark_of_a_secret_hides_no_difference(engine: Engine) -> None:
    assert not engine.one("Deployment").secret


# Volumes


def test_uploads_and_style_sheets_are_on_volumes(engine: Engine) -> None:
    mounts = {
        each["name"]: each["mountPath"]
        for each in engine.one("Deployment").container["volumeMounts"]
    }

    assert mounts["media"] == "/app/media"
    assert mounts["static"] == "/app/static"
    assert {each.name for each in engine.all("PersistentVolumeClaim")} == {"ov-media", "ov-static"}


def test_its_pods_keep_to_the_node_that_has_the_volumes(engine: Engine) -> None:
    server = engine.one("Deployment")
    affinity = server.pod["affinity"]["podAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]

    assert term["topologyKey"] == "kubernetes.io/hostname"
    # It matches itself, so the first of them may go anywhere.
    wanted = term["labelSelector"]["matchLabels"].items()
    assert wanted <= server.template["metadata"]["labels"].items()
