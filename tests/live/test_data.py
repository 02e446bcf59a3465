"""What the site's data survive, and what they are kept from, on the real cluster."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.live.platform import Platform, eventually
from tests.live.project import DEMO, Project, chosen, clone_into
from tests.live.test_pods import exhibits, shows

pytestmark = pytest.mark.live

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "__pycache__", "node_modules", ".*cache"
)


@pytest.fixture
def project(platform: Platform, tmp_path: Path) -> Project:
    """Give ov-demo's settings, to be changed; the state is the sandbox's own."""
    project = Project(platform=platform, folder=tmp_path / "stacks", stack=DEMO)
    project.configure(chosen(platform))
    return project


def change(project: Project, **settings: Any) -> None:
    """Choose other settings."""
    content = chosen(project.platform)
    content["config"] |= {f"openvault:{key}": value for key, value in settings.items()}
    project.configure(content)


def image(platform: Platform, tag: str) -> str:
    """Return the database's image under another tag; its digest is what it is."""
    reference = chosen(platform)["config"]["openvault:databaseImage"]
    name, _, digest = reference.partition("@")
    return f"{name.rpartition(':')[0]}:{tag}@{digest}"


def planned(project: Project) -> dict[str, str]:
    """Return what a preview would do to each resource that changes, by kind and name."""
    steps = json.loads(project.pulumi("preview", "--json").stdout)["steps"]
    return {
        " ".join(each["urn"].rsplit(":", 3)[1::2]): each["op"]
        for each in steps
        if each["op"] != "same"
    }


def test_what_the_data_would_not_survive_is_refused_and_nothing_is_changed(
    project: Project, platform: Platform
) -> None:
    change(
        project,
        databaseImage=image(platform, "16.1-alpine"),
        databaseStorage="512Mi",
        mediaStorage="2Gi",
        storageClasses={"static": "fast"},
    )
    before = platform.kubectl("get", "pvc,pods", "-o", "name")

    refused = project.pulumi("up", "--yes", "--skip-preview", check=False)

    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "ov-db: PostgreSQL 16 cannot read the data of PostgreSQL 14" in said
    assert "ov-db: it has 1Gi, and no volume can shrink to 512Mi" in said
    assert "ov-media: it has 1Gi, and storage class standard lets no volume grow to 2Gi" in said
    assert "ov-static: it is of storage class standard" in said
    assert "Traceback" not in said
    assert platform.kubectl("get", "pvc,pods", "-o", "name") == before


def test_a_volume_grows_in_place_where_its_class_lets_it(
    project: Project, platform: Platform
) -> None:
    def lets(grow: str) -> None:
        patch = f'{{"allowVolumeExpansion": {grow}}}'
        platform.run("kubectl", "patch", "storageclass", "standard", "-p", patch)

    change(project, mediaStorage="2Gi")
    lets("true")
    try:
        assert planned(project)["PersistentVolumeClaim ov-media"] == "update"
        larger = '{"spec": {"resources": {"requests": {"storage": "2Gi"}}}}'
        platform.kubectl("patch", "pvc", "ov-media", "--dry-run=server", "-p", larger)
    finally:
        lets("null")


def test_a_patch_of_postgresql_is_a_restart(project: Project, platform: Platform) -> None:
    change(project, databaseImage=image(platform, "14.99"))

    assert planned(project) == {"StatefulSet db": "update"}


@pytest.fixture
def restored(platform: Platform) -> Iterator[None]:
    """Bring ov-demo back to its own settings at the end."""
    yield
    platform.run("pulumi", "up", "--yes", "--skip-preview", "-s", DEMO, "--non-interactive")


def test_another_password_is_set_by_a_change_of_the_setting_alone(
    project: Project, platform: Platform, restored: None
) -> None:
    titles, before = exhibits(platform), platform.generations()
    old = platform.kubectl(
        "get", "secret", "db-credentials", "-o", "jsonpath={.data.POSTGRES_PASSWORD}"
    )

    project.seal("openvault:databasePassword", secrets.token_urlsafe(24) + "'\\ ")
    project.pulumi("up", "--yes", "--skip-preview")

    after = platform.generations()
    assert {name for name in after if after[name] != before[name]} == {"db", "ov-wag", "jumpbox"}
    assert platform.kubectl("exec", "deploy/jumpbox", "--", "psql", "-Atc", "select 1") == "1\n"
    script = f'PGPASSWORD="$(echo {old} | base64 -d)" psql -Atc "select 1" 2>&1 || true'
    said = platform.kubectl("exec", "deploy/jumpbox", "--", "sh", "-c", script)
    assert "password authentication failed" in said
    eventually("the site shows every exhibit again", lambda: shows(platform, titles))
    project.pulumi("preview", "--expect-no-changes")


def test_a_server_that_is_killed_recovers_what_was_written(platform: Platform) -> None:
    # Whoever was here before may have left it in the middle of a roll.
    platform.kubectl("rollout", "status", "statefulset/db", "--timeout=120s")
    platform.kubectl("wait", "pod/db-0", "--for=condition=Ready", "--timeout=120s")
    platform.sql("create table if not exists kept (word text)")
    platform.sql("insert into kept values ('written')")
    (pod,) = platform.objects("pods", "-l", "app.kubernetes.io/name=db")

    postmaster(pod["metadata"]["uid"]).kill()

    def recovered() -> bool:
        (now,) = platform.objects("pods", "-l", "app.kubernetes.io/name=db")
        (status,) = now["status"]["containerStatuses"]
        return status["ready"] and status["restartCount"] > 0

    eventually("the database is ready again", recovered)
    assert platform.sql("select word from kept limit 1") == ["written"]
    assert "automatic recovery in progress" in platform.kubectl("logs", "db-0")
    platform.sql("drop table kept")


def postmaster(uid: str) -> psutil.Process:
    """Return the first process of the database's container, as the machine sees it."""
    for process in psutil.process_iter():
        try:
            words, groups = process.cmdline(), Path(f"/proc/{process.pid}/cgroup").read_text()
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
        if words[:2] == ["postgres", "-D"] and uid in groups.replace("_", "-"):
            return process
    raise AssertionError(f"no process of pod {uid} is a server")


def test_the_site_is_no_superuser(platform: Platform) -> None:
    def says(query: str) -> str:
        return platform.kubectl("exec", "deploy/jumpbox", "--", "psql", "-Atc", query).strip()

    assert says("select current_user, rolsuper, rolcreatedb, rolcreaterole from pg_roles "
                "where rolname = current_user") == "openvault|f|f|f"  # fmt: skip
    words = ("exec", "deploy/jumpbox", "--", "sh", "-c", "psql -U postgres -c 'select 1' 2>&1; :")
    assert "no pg_hba.conf entry for host" in platform.kubectl(*words)


def test_a_node_that_is_emptied_gets_its_site_back(platform: Platform) -> None:
    titles = exhibits(platform)

    ours = "--pod-selector=app.kubernetes.io/part-of=openvault"
    drain = ("drain", "node", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=150s")
    try:
        platform.run("kubectl", *drain, ours)
        gone = platform.objects("pods", "--field-selector=status.phase=Running")
        assert not gone
    finally:
        platform.run("kubectl", "uncordon", "node")

    eventually("the site shows every exhibit again", lambda: shows(platform, titles))
    assert exhibits(platform) == titles
    assert "was not properly shut down" not in platform.kubectl("logs", "db-0")


def test_a_stack_whose_state_is_lost_takes_over_what_is_there(
    platform: Platform, tmp_path: Path
) -> None:
    titles = exhibits(platform)
    claims = {each["metadata"]["uid"] for each in platform.objects("pvc")}
    lost = Project(
        platform=platform, folder=tmp_path / "lost", stack=DEMO, state=tmp_path / "state"
    )
    lost.configure(chosen(platform))
    lost.pulumi("stack", "init")

    lost.pulumi("up", "--yes", "--skip-preview")

    assert {each["metadata"]["uid"] for each in platform.objects("pvc")} == claims
    assert exhibits(platform) == titles
    eventually("the site shows every exhibit", lambda: shows(platform, titles))
    platform.run("pulumi", "preview", "-s", DEMO, "--non-interactive", "--expect-no-changes")


def test_a_component_moves_by_an_alias_and_the_data_stay(
    platform: Platform, project: Project, tmp_path: Path
) -> None:
    moved = copied(project, tmp_path)
    path = moved.program / "components" / "volume.py"
    plain = 'super().__init__("openvault:components:Volume", name, None, opts)'
    assert plain in path.read_text()
    renamed = plain.replace("Volume", "Disk")
    alias = 'pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="openvault:components:Volume")])'
    known = renamed.replace("opts)", f"pulumi.ResourceOptions.merge(opts, {alias}))")

    path.write_text(path.read_text().replace(plain, known))
    assert not [name for name in planned(moved) if "ov-db" in name]

    # Without it the volume would be forgotten, and claimed again.
    path.write_text(path.read_text().replace(known, renamed))
    assert "create" in {op for name, op in planned(moved).items() if "ov-db" in name}


def copied(project: Project, folder: Path) -> Project:
    """Return *project* with a copy of the program, to be changed."""
    program = folder / "clone"
    clone_into(program)
    shutil.rmtree(project.folder)
    moved = replace(project, program=program)
    moved.configure(chosen(project.platform))
    return moved
