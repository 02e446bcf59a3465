from ov_wag.settings.base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "known to everybody"  # noqa: S105
ALLOWED_HOSTS = ["*"]
WAGTAILADMIN_BASE_URL = "http://localhost:8000"
