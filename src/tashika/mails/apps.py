from django.apps import AppConfig


class MailsConfig(AppConfig):
    name = "tashika.mails"
    label = "mails"

    def ready(self) -> None:
        from tashika.contents import kinds
        from tashika.contents.models import Kind
        from tashika.mails import drafting, outlining

        kinds.register(Kind.MAIL, kinds.Ways(drafting.accepted, outlining.outline))
