from django.apps import AppConfig


class ExhibitsConfig(AppConfig):
    name = "exhibits"
    default_auto_field = "django.db.models.BigAutoField"
