from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "tashika.public"
    label = "public"
