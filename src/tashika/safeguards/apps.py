from django.apps import AppConfig


class SafeguardsConfig(AppConfig):
    name = "tashika.safeguards"
    label = "safeguards"
