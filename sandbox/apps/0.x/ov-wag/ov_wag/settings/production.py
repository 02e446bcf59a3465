import os

from ov_wag.settings.base import *  # noqa: F403
from vault.production import *  # noqa: F403

DEBUG = False

CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SECURE = True

WAGTAIL_BASE_URL = os.environ.get("OV_BASE_URL")
WAGTAILADMIN_BASE_URL = os.environ.get("OV_ADMIN_BASE_URL")
