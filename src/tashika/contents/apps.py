from django.apps import AppConfig


class ContentsConfig(AppConfig):
    name = "tashika.contents"
    label = "contents"

    def ready(self) -> None:
        from tashika.contents import kinds, plain
        from tashika.contents.models import Kind

        for kind in (Kind.LANDING_PAGE, Kind.FORM, Kind.DOCUMENT):
            kinds.register(kind, kinds.Ways(plain.accepted, plain.outline))
