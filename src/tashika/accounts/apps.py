from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "tashika.accounts"
    label = "accounts"
