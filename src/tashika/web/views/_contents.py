"""What pages of contents share: the word of a kind and where its pages are, mails as rendered, a content by its ID."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from tashika.contents.models import Content, Kind
from tashika.core.text import Text, t
from tashika.web.middleware import SecurityHeadersMiddleware

# The word for one, the word for many, and the address of the list.
KINDS: dict[str, tuple[Text, Text, str]] = {
    Kind.SCENARIO: (t("シナリオ", "Scenario"), t("シナリオ", "Scenarios"), "/scenarios"),
    Kind.SEGMENT: (t("セグメント", "Segment"), t("セグメント", "Segments"), "/segments"),
    Kind.MAIL: (t("メール", "Mail"), t("メール", "Mails"), "/mails"),
    Kind.LANDING_PAGE: (
        t("ランディングページ", "Landing page"),
        t("ランディングページ", "Landing pages"),
        "/landing-pages",
    ),
    Kind.FORM: (t("フォーム", "Form"), t("フォーム", "Forms"), "/forms"),
    Kind.DOCUMENT: (t("資料", "Document"), t("資料", "Documents"), "/documents"),
}
# A mail shows pictures from anywhere; its frame is sandboxed and the page around it runs our own scripts alone.
_PREVIEW_POLICY = SecurityHeadersMiddleware.POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")
_DRAFT_WORDS: dict[str, Text] = {
    "saved": t("保存済み", "Saved"),
    "saving": t("保存中…", "Saving…"),
    "unsaved": t("未保存", "Not saved"),
    "failed": t("保存できません。通信を確かめてください。", "Not saved: check the connection."),
    "moved": t(
        "{who} さんが {when} に保存しました。保存するときに、両方を見比べて選べます。",
        "{who} saved at {when}. When you save you see both and choose.",
    ),
    "choose": t("見比べて選ぶ", "Compare and choose"),
    "reload": t("最新を開く", "Open the latest"),
}


def page_of(content: Content) -> str:
    """The address of a content's own page."""
    return f"{KINDS[content.kind][2]}/{content.public_id}"


def with_pictures(response: HttpResponse) -> HttpResponse:
    """For pages that show mails as rendered."""
    response["Content-Security-Policy"] = _PREVIEW_POLICY
    return response


def draft_data(content: Content, *, editable: bool) -> Mapping[str, Any]:
    """What drafts.js needs to save a draft by itself and to tell two editors of each other."""
    return {
        "address": f"/contents/{content.public_id}",
        "revision": content.draft_revision,
        "editable": editable,
        "words": {key: str(words) for key, words in _DRAFT_WORDS.items()},
    }
