import os

from ov_wag.settings.base import *  # noqa: F403

DEBUG = False

# As in 0.x, a missing list ends the program here, and a missing key only fails the first request.
ALLOWED_HOSTS = os.environ.get("OV_ALLOWED_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = os.environ.get("OV_TRUSTED_ORIGINS").split(",")
SECRET_KEY = os.environ.get("OV_SECRET_KEY")

CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SECURE = True

WAGTAIL_BASE_URL = os.environ.get("OV_BASE_URL")
WAGTAILADMIN_BASE_URL = os.environ.get("OV_ADMIN_BASE_URL")
