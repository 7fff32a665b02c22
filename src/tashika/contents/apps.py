from django.apps import AppConfig


class ContentsConfig(AppConfig):
    name = "tashika.contents"
    label = "contents"
