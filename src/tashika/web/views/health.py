"""Whether all is well: for machines (`/healthz`, `/readyz`, `/metrics`), and for people 「システムの状態」."""

import hmac
import time
from threading import Lock

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from tashika.accounts import api_keys, roles
from tashika.core import clock, config, database
from tashika.core import metrics as ground
from tashika.core.checks import Finding
from tashika.core.text import Text, t
from tashika.delivery import checks, metrics
from tashika.web.access import staff

FRESH = 2.0  # seconds that an answer to anybody is kept: asking often costs nothing

_LEVELS: dict[str, Text] = {"ok": t("正常", "Fine"), "warn": t("注意", "Look at it"), "bad": t("要対応", "Act")}
_SUBJECTS: dict[str, Text] = {
    "python": t("Python", "Python"),
    "data": t("データフォルダ", "Data folder"),
    "disk": t("ディスク", "Disk"),
    "secret_key": t("秘密鍵", "Secret key"),
    "mail_log": t("メールサーバーのログ", "Mail log"),
    "database": t("データベース", "Database"),
    "encoding": t("文字コード", "Encoding"),
    "clock": t("時計", "Clock"),
    "migrations": t("テーブル", "Tables"),
    "senders": t("送信プロセス", "Senders"),
    "arming": t("送信ロック", "Arming"),
    "silent": t("応答のない送信プロセス", "Silent senders"),
    "emergency": t("緊急停止", "Emergency stop"),
    "due": t("送信待ち", "What is due"),
    "stops": t("停止の応答", "Answers to stops"),
    "in_doubt": t("不明のメール", "Mails in doubt"),
    "relays": t("送信サーバー", "Relays"),
    "workers": t("ワーカー", "Workers"),
    "jobs": t("ジョブ", "Background jobs"),
    "practice": t("練習モード", "Practice mode"),
    "base_url": t("リンクのアドレス", "Address of links"),
    "allowed_hosts": t("応答する名前", "Names answered to"),
}
_looked = (0.0, dict[str, str]())
_lock = Lock()


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Nothing is asked of anybody."""
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether mail can leave and work gets done: 200 or 503. It says which checks, and no more."""
    levels = _levels()
    is_ready = "bad" not in levels.values() and levels.get("senders") == "ok"
    answer = {"ready": is_ready, "checks": levels}
    return JsonResponse(answer, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"})


@require_GET
def metrics_page(request: HttpRequest) -> HttpResponse:
    """The figures for Prometheus, to whoever shows the token of the settings or an API key."""
    if not _may_read(request.headers.get("Authorization", "")):
        words = "Authorization: Bearer <TASHIKA_METRICS_TOKEN | tsk_…>\n"
        return HttpResponse(words, status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"})
    page = metrics.page(clock.now())
    return HttpResponse(page, content_type=ground.CONTENT_TYPE, headers={"Cache-Control": "no-store"})


@require_GET
@staff("see")
def system(request: HttpRequest) -> HttpResponse:
    """Every check in words, with what to do; what needs doing first."""
    found = _examined()
    order = {"bad": 0, "warn": 1, "ok": 2}
    rows = [
        {"level": one.level, "words": _LEVELS[one.level], "subject": _SUBJECTS[one.subject], "what": one.what, "fix": one.fix}
        for one in sorted(found, key=lambda one: order[one.level])
    ]  # fmt: skip
    counts = {level: sum(one.level == level for one in found) for level in order}
    return render(request, "web/watching/system.html", {"rows": rows, "counts": counts, "at": clock.now()})


def _examined() -> list[Finding]:
    return list(checks.examine(now=clock.now(), conninfo=database.conninfo()))


def _levels() -> dict[str, str]:
    """Looked at once every few seconds, however often anybody asks."""
    global _looked
    with _lock:
        if time.monotonic() - _looked[0] > FRESH:
            _looked = (time.monotonic(), checks.ready(_examined()))
        return _looked[1]


def _may_read(given: str) -> bool:
    scheme, _, secret = given.partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return False
    token = config.get("metrics_token")
    if token and hmac.compare_digest(token.encode(), secret.encode()):
        return True
    key = api_keys.verify(secret=secret, now=clock.now())
    return key is not None and roles.may(key.role, "see")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
    path("system", system, name="system"),
]
