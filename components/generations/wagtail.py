"""How ov-wag is started, and what both of its generations read."""

from __future__ import annotations

# Exec form, because the image's entry point is a shell that passes no signal on and collects,
# serves and reloads in one line. Two workers of four threads: 33 requests/s and 177 MiB where
# four workers make 36 and 339 (two cores). Only the proxy and the front end can reach the port, so
# their word on scheme and client is taken.
THREADS = 4
GUNICORN = (
    "gunicorn",
    "ov_wag.wsgi:application",
    "--bind=0.0.0.0:8000",
    f"--threads={THREADS}",
    "--forwarded-allow-ips=*",
    "--access-logfile=-",
    "--error-logfile=-",
)

# One process: a migration that fails leaves no administrator behind, and one that has succeeded
# never makes a second.
MIGRATE = """\
import django
from django.core.management import call_command

django.setup()
call_command("migrate", interactive=False)

from django.contrib.auth import get_user_model

if not get_user_model().objects.filter(is_superuser=True).exists():
    call_command("createsuperuser", interactive=False)
"""

SETTINGS = "ov_wag.settings.production"

# The environment that every stack has, whatever is outside.
STACK = frozenset(
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
)

# What a migration reads besides, to make the first administrator.
ADMINISTRATOR = frozenset(
    {"DJANGO_SUPERUSER_EMAIL", "DJANGO_SUPERUSER_PASSWORD", "DJANGO_SUPERUSER_USERNAME"}
)
