from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "tashika.activity"
    label = "activity"
