from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "tashika.core"
    label = "core"
