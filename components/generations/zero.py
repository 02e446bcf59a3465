"""Generation 0.x: the applications of 2022, whose files are on volumes."""

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
    command=GUNICORN,
    port=8000,
    required=STACK,
    optional=frozenset({"OV_API_URL", "OV_BASE_URL"}),
    secret=frozenset({"OV_DB_PASSWORD", "OV_SECRET_KEY"}),
    scratch={"tmp": ""},
    volumes={"static": "/app/static", "media": "/app/media"},
    # In each pod, because the volume may be new. Never with --clear: pages that are open in a
    # browser still ask for the files of the release before.
    before={"static": ("python", "manage.py", "collectstatic", "--noinput")},
    # 177 MiB after load; a picture of 24 megapixels takes one worker 170 MiB further.
    need=Need(cpu=100, memory=192, memory_limit=768),
    start=4,
    # Both answer 400 without a Host header that OV_ALLOWED_HOSTS knows. The log-in page of the
    # CMS asks the database, that of the plain admin does not.
    # The patience is for a busy one, which answers late and is not helped by being left out.
    ready=Check(path="/admin/login/", host="ov-wag", timeout=10),
    alive=Check(path="/django-admin/login/", host="ov-wag", timeout=10),
    waits=waiting.by_python,
    drain=25,
    grace=60,
)

_FRONTEND = Contract(
    uid=10001,
    gid=10001,
    # What the image starts by itself, without the shell in front that keeps the signal to stop.
    command=("npm", "run", "start"),
    port=3000,
    required=frozenset({"OV_API_URL"}),
    optional=frozenset({"NODE_ENV"}),
    need=Need(cpu=50, memory=96, memory_limit=256),
    start=8,
    ready=Check(path="/about", timeout=10),
    alive=Check(path="/about", timeout=10),
    waits=waiting.by_node,
    drain=15,
    grace=45,
)

GENERATION = Generation(
    name="0.x",
    tried=(("0.2", "0.2"),),
    database=DATABASE,
    backend=_WAG,
    migration=replace(
        _WAG,
        command=("python", "-c", MIGRATE),
        port=None,
        required=_WAG.required | ADMINISTRATOR,
        secret=_WAG.secret | {"DJANGO_SUPERUSER_PASSWORD"},
        volumes={},
        need=Need(cpu=100, memory=128, memory_limit=256),
        ready=None,
        alive=None,
        waits=None,
        before={},
        drain=0,
    ),
    settings_module=SETTINGS,
    frontend=_FRONTEND,
    proxy=PROXY,
    jumpbox=JUMPBOX,
    worker=90,
    picture=170,
    threads=THREADS,
)
