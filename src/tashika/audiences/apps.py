from django.apps import AppConfig


class AudiencesConfig(AppConfig):
    name = "tashika.audiences"
    label = "audiences"
