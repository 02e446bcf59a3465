"""Generation 0.x: the applications of 2022, whose files are on volumes."""

from __future__ import annotations

from dataclasses import replace

from components.contract import Check, Contract, Generation, Need
from components.generations.company import DATABASE, JUMPBOX, PROXY, SITE

# Exec form, because the image's entry point is a shell that passes no signal on and collects,
# serves and reloads in one line. Two workers of four threads: 33 requests/s and 177 MiB where
# four workers make 36 and 339 (two cores). Only the proxy and the front end can reach the port, so
# their word on scheme and client is taken.
_THREADS = 4
_GUNICORN = (
    "gunicorn",
    "ov_wag.wsgi:application",
    "--bind=0.0.0.0:8000",
    f"--threads={_THREADS}",
    "--forwarded-allow-ips=*",
    "--access-logfile=-",
    "--error-logfile=-",
)

# One process: a migration that fails leaves no administrator behind, and one that has succeeded
# never makes a second.
_MIGRATE = """\
import django
from django.core.management import call_command

django.setup()
call_command("migrate", interactive=False)

from django.contrib.auth import get_user_model

if not get_user_model().objects.filter(is_superuser=True).exists():
    call_command("createsuperuser", interactive=False)
"""

_WAG = Contract(
    uid=10001,
    gid=SITE,
    command=_GUNICORN,
    port=8000,
    required=frozenset(
        {
            "DJANGO_SETTINGS_MODULE",
            # Without it the API fails as soon as one exhibit has a picture.
            "OV_ADMIN_BASE_URL",
            "OV_ALLOWED_HOSTS",
            "OV_DB_ENGINE",
            "OV_DB_HOST",
            "OV_DB_NAME",
            "OV_DB_PASSWORD",
            "OV_DB_PORT",
            "OV_DB_USER",
            "OV_SECRET_KEY",
            "OV_TRUSTED_ORIGINS",
        }
    ),
    optional=frozenset({"OV_API_URL", "OV_BASE_URL"}),
    secret=frozenset({"OV_DB_PASSWORD", "OV_SECRET_KEY"}),
    scratch={"tmp": ""},
    volumes={"static": "/app/static", "media": "/app/media"},
    # 177 MiB after load; a picture of 24 megapixels takes one worker 170 MiB further.
    need=Need(cpu=100, memory=192, memory_limit=768),
    start=4,
    # Both answer 400 without a Host header that OV_ALLOWED_HOSTS knows. The log-in page of the
    # CMS asks the database, that of the plain admin does not.
    # The patience is for a busy one, which answers late and is not helped by being left out.
    ready=Check(path="/admin/login/", host="ov-wag", timeout=10),
    alive=Check(path="/django-admin/login/", host="ov-wag", timeout=10),
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
    drain=15,
    grace=45,
)

GENERATION = Generation(
    database=DATABASE,
    backend=_WAG,
    migration=replace(
        _WAG,
        command=("python", "-c", _MIGRATE),
        port=None,
        required=_WAG.required
        | {
            "DJANGO_SUPERUSER_EMAIL",
            "DJANGO_SUPERUSER_PASSWORD",
            "DJANGO_SUPERUSER_USERNAME",
        },
        secret=_WAG.secret | {"DJANGO_SUPERUSER_PASSWORD"},
        volumes={},
        need=Need(cpu=100, memory=128, memory_limit=256),
        ready=None,
        alive=None,
        drain=0,
    ),
    # Never with --clear: pages that are open in a browser still ask for the files of the release
    # before.
    collect=("python", "manage.py", "collectstatic", "--noinput"),
    settings_module="ov_wag.settings.production",
    frontend=_FRONTEND,
    proxy=PROXY,
    jumpbox=JUMPBOX,
    worker=90,
    picture=170,
    threads=_THREADS,
)
