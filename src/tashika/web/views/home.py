"""The first screen: what to do next, what is happening."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from tashika.contents.models import Kind
from tashika.contents.queries import of_kind
from tashika.core.models import OrganisationSettings
from tashika.core.text import t
from tashika.delivery import queries as delivery
from tashika.people import queries as people
from tashika.web.access import staff


@require_GET
@staff("see")
def home(request: HttpRequest) -> HttpResponse:
    """A checklist until the first broadcast has left, then the latest dispatches."""
    organisation = OrganisationSettings.objects.first()
    recent = [(dispatch, delivery.figures(dispatch.pk)) for dispatch in delivery.dispatches()[:5]]
    contacts = people.contact_count()
    steps = [
        (
            t("組織の名前と住所を入力する", "Say who you are"),
            t(
                "広告メールには、送信者の名称と住所の表示が必要です。",
                "Commercial mail must show the sender's name and address.",
            ),
            "/settings/organisation",
            bool(organisation and organisation.name and organisation.postal_address),
        ),
        (
            t("見込み顧客を取り込む", "Import your contacts"),
            t("お手元のCSVやExcelを、そのまま読み込めます。", "CSV and Excel files as you have them."),
            "/imports/new",
            contacts > 0,
        ),
        (
            t("セグメントを作る", "Make a segment"),
            t("送る相手を条件で選びます。", "Choose by rules who is written to."),
            "/segments/new",
            of_kind(Kind.SEGMENT).exists(),
        ),
        (
            t("メールを作る", "Write a mail"),
            t("差し込み項目とプレビューを使って書きます。", "With merge fields and a live preview."),
            "/mails/new",
            of_kind(Kind.MAIL).exists(),
        ),
        (
            t("送信サーバーを確認する", "Confirm a relay"),
            t("確認するまでは練習モードです。メールは外に出ません。", "Until then practice mode: no mail leaves."),
            "/settings/relays",
            not delivery.practice_mode(),
        ),
        (
            t("一斉配信を公開する", "Publish a broadcast"),
            t(
                "公開の前に、人数と見本と除外の理由を確かめます。",
                "After looking at the number, samples and exclusions.",
            ),
            "/scenarios/new/broadcast",
            bool(recent),
        ),
    ]
    return render(
        request,
        "web/home.html",
        {
            "steps": steps,
            "done": sum(step[3] for step in steps),
            "recent": recent,
            "contacts": contacts,
            "segments": of_kind(Kind.SEGMENT).count(),
            "mails": of_kind(Kind.MAIL).count(),
            "scenarios": of_kind(Kind.SCENARIO).count(),
        },
    )


urlpatterns = [path("", home, name="home")]
