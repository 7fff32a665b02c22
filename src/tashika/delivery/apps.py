from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "tashika.delivery"
    label = "delivery"
