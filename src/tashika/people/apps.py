from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tashika.people"
    label = "people"
