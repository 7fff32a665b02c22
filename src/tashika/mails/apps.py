from django.apps import AppConfig


class MailsConfig(AppConfig):
    name = "tashika.mails"
    label = "mails"
