from django.apps import AppConfig


class BouncesConfig(AppConfig):
    name = "tashika.delivery.bounces"
    label = "bounces"
