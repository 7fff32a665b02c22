"""What the shell around every page needs."""

from typing import Any

from django.http import HttpRequest

from tashika.accounts import roles
from tashika.core import clock
from tashika.core.text import Text, t
from tashika.delivery import queries, stopping
from tashika.delivery.arming import deciding

_NAVIGATION: tuple[tuple[str, Text], ...] = (
    ("/", t("ホーム", "Home")),
    ("", t("顧客", "People")),
    ("/contacts", t("見込み顧客", "Contacts")),
    ("/companies", t("会社", "Companies")),
    ("/tags", t("タグ", "Tags")),
    ("/fields", t("カスタム項目", "Custom fields")),
    ("/imports", t("取り込み", "Imports")),
    ("/segments", t("セグメント", "Segments")),
    ("", t("配信", "Delivery")),
    ("/scenarios", t("シナリオ", "Scenarios")),
    ("/mails", t("メール", "Mails")),
    ("/landing-pages", t("ランディングページ", "Landing pages")),
    ("/forms", t("フォーム", "Forms")),
    ("/documents", t("資料", "Documents")),
    ("/dispatches", t("配信の記録", "Dispatches")),
    ("/bounces", t("戻ってきたメール", "Bounces")),
    ("/practice", t("練習モードの受信箱", "Practice inbox")),
    ("", t("管理", "Administration")),
    ("/suppression", t("配信除外リスト", "Suppression list")),
    ("/processes", t("送信プロセス", "Senders & workers")),
    ("/system", t("システムの状態", "System health")),
    ("/settings", t("設定", "Settings")),
    ("/audit", t("操作の記録", "Audit trail")),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, the abilities of the person ({% if may.publish %}), practice mode, the emergency stop and whether
    senders are armed."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"may": {}}
    return {
        "may": {ability: roles.may(user.role, ability) for ability in roles.ABILITIES},
        "navigation": [_entry(path, words, request.path) for path, words in _NAVIGATION],
        "practice": queries.practice_mode(),
        "stopped_since": stopping.current_emergency_stop(),
        "arming": deciding.situation(now=clock.now()),
    }


def _entry(path: str, words: Text, here: str) -> dict[str, Any]:
    if not path:
        return {"heading": words}
    return {"path": path, "words": words, "here": here == path or (path != "/" and here.startswith(path))}
