from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "tashika.scenarios"
    label = "scenarios"

    def ready(self) -> None:
        from tashika.audiences import schema
        from tashika.contents import kinds
        from tashika.contents.models import Kind
        from tashika.scenarios import asking, drafting, outlining

        ways = kinds.Ways(drafting.accepted, outlining.outline, for_copy=drafting.for_copy)
        kinds.register(Kind.SCENARIO, ways)
        schema.contribute(asking.field(), asking.WORDS)
