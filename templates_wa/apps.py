from django.apps import AppConfig


class TemplatesWaConfig(AppConfig):
    name = "templates_wa"
