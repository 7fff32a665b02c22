from django.apps import AppConfig


class CliConfig(AppConfig):
    name = "tashika.cli"
    label = "cli"
