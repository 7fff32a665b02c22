from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "tashika.scenarios"
    label = "scenarios"
