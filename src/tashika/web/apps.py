from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "tashika.web"
    label = "web"
