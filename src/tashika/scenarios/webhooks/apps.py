from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "tashika.scenarios.webhooks"
    label = "webhooks"
