from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "tashika.api"
    label = "api"
