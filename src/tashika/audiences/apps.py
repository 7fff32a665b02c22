from django.apps import AppConfig


class AudiencesConfig(AppConfig):
    name = "tashika.audiences"
    label = "audiences"

    def ready(self) -> None:
        from tashika.audiences import drafting, wording
        from tashika.contents import kinds
        from tashika.contents.models import Kind

        ways = kinds.Ways(drafting.accepted, wording.outline, copied=drafting.copy_members)
        kinds.register(Kind.SEGMENT, ways)
