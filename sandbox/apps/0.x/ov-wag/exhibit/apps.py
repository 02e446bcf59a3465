from django.apps import AppConfig


class ExhibitConfig(AppConfig):
    name = "exhibit"
    default_auto_field = "django.db.models.BigAutoField"
