"""Generation 1.x: the applications of 2026, whose files and search are outside the cluster."""

from __future__ import annotations

from dataclasses import replace

from components.contract import Check, Contract, Generation, Need
from components.generations import waiting
from components.generations.company import DATABASE, JUMPBOX, PROXY, SITE
from components.generations.wagtail import (
    ADMINISTRATOR,
    GUNICORN,
    MIGRATE,
    SETTINGS,
    STACK,
    THREADS,
)

_WAG = Contract(
    uid=10001,
    gid=SITE,
    # The image's entry point knows neither how many workers nor how to stop, and serves without
    # style sheets when there is no storage.
    command=GUNICORN,
    port=8000,
    # The image starts without a bucket, a search or a sign-on, and fails when somebody needs it.
    required=(STACK - {"OV_DB_ENGINE"})
    | {
        "AUTH0_CLIENT_ID",
        "AUTH0_CLIENT_SECRET",
        "AUTH0_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_STORAGE_BUCKET_NAME",
        "ES_INDEX",
        "ES_PASSWORD",
        "ES_URL",
        # Without it the back end's own front page fails.
        "OV_PREVIEW_URL",
    },
    # No mail: it reads no variable for it.
    optional=frozenset(
        {
            # Read by the library that speaks to the storage.
            "AWS_ENDPOINT_URL",
            "AWS_S3_REGION_NAME",
            "ES_USER",
            "ES_VERIFY_CERTS",
            "GOOGLE_CLIENT_ID",
            "OV_API_URL",
            "OV_BASE_URL",
            "OV_CSRF_COOKIE_SECURE",
            "OV_DB_ENGINE",
            "OV_SESSION_COOKIE_SECURE",
        }
    ),
    secret=frozenset(
        {
            "AUTH0_CLIENT_SECRET",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "ES_PASSWORD",
            "OV_DB_PASSWORD",
            "OV_SECRET_KEY",
        }
    ),
    scratch={"tmp": ""},
    reaches=frozenset({"bucket", "search", "sign-on"}),
    # Two workers of four threads: 169 MiB at first, 477 after load.
    need=Need(cpu=100, memory=384, memory_limit=1024),
    start=4,
    # Both answer 400 without a Host header that OV_ALLOWED_HOSTS knows. Pages ask the database,
    # the page about its health does not.
    ready=Check(path="/api/v2/pages/", host="ov-wag", timeout=10),
    alive=Check(path="/api/v2/health/", host="ov-wag", timeout=10),
    waits=waiting.by_python,
    drain=25,
    grace=60,
)

# The storage has one name for each file. Django leaves one alone that is newer than its own, which
# after a step back to an older release is the wrong one, and deletes the others before it writes
# them. Here each is put in the place of the one before in one step, and none is deleted.
_COLLECT = """\
import django
from django.core.management import call_command

django.setup()

from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.contrib.staticfiles.storage import staticfiles_storage


class Collect(Command):
    def delete_file(self, path, prefixed_path, source_storage):
        return True


staticfiles_storage.file_overwrite = True
call_command(Collect(), interactive=False)
"""

# Work that a pod of the same image does once, under the same environment, and ends.
_WORK = replace(_WAG, port=None, ready=None, alive=None, waits=None, drain=0)

_FRONTEND = Contract(
    # The image names its user, and Kubernetes cannot tell from a name that it is not root.
    uid=1001,
    gid=1001,
    port=3000,
    required=frozenset({"AAPB_HOST", "ES_API_KEY", "ES_OV_INDEX", "ES_URL", "OV_API_URL"}),
    optional=frozenset({"COOKIE_CONSENT_ID", "GBH_INDEX", "NODE_ENV", "ORGAN_URL"}),
    # Sent to browsers all the same, which is why it must not open more than a search.
    secret=frozenset({"ES_API_KEY"}),
    # Browsers ask the search and the archive themselves.
    reaches=frozenset({"organ"}),
    # 292 MiB after load, 358 at most.
    need=Need(cpu=50, memory=256, memory_limit=512),
    start=8,
    ready=Check(path="/health", timeout=10),
    alive=Check(path="/health", timeout=10),
    waits=waiting.by_node,
    drain=15,
    grace=45,
)

GENERATION = Generation(
    name="1.x",
    tried=(("1.0", "1.0"),),
    database=DATABASE,
    backend=_WAG,
    migration=replace(
        _WORK,
        command=("python", "-c", MIGRATE),
        required=_WAG.required | ADMINISTRATOR,
        secret=_WAG.secret | {"DJANGO_SUPERUSER_PASSWORD"},
        # Once for all pods, and before the database changes: a storage that fails stops a release
        # while the one before still serves.
        before={"static": ("python", "-c", _COLLECT)},
        reaches=frozenset({"bucket"}),
        need=Need(cpu=100, memory=192, memory_limit=384),
    ),
    settings_module=SETTINGS,
    frontend=_FRONTEND,
    # The files of the site are in the bucket.
    proxy=replace(PROXY, volumes={}),
    jumpbox=JUMPBOX,
    worker=240,
    picture=170,
    threads=THREADS,
    reindex=replace(
        _WORK,
        command=("python", "manage.py", "update_index"),
        reaches=frozenset({"search"}),
        need=Need(cpu=100, memory=192, memory_limit=512),
    ),
    reindex_at="0 8 * * *",
)
