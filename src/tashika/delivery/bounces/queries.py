"""Reads of what came back."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet, Sum

from tashika.core import sql
from tashika.core.errors import NotFound
from tashika.core.text import Text, t
from tashika.delivery.bounces.models import Bounce, BounceTally
from tashika.delivery.bounces.parsing.report import Kind, Reason

KINDS: dict[str, Text] = {
    Kind.HARD: t("届かない宛先", "Hard bounce"),
    Kind.SOFT: t("一時的なエラー", "Soft bounce"),
    Kind.COMPLAINT: t("迷惑メール報告", "Complaint"),
    Kind.DELAYED: t("遅延", "Delayed"),
    Kind.DELIVERED: t("配達の報告", "Delivery report"),
    Kind.AUTO_REPLY: t("自動返信", "Automatic reply"),
    Kind.UNKNOWN: t("読み取れない報告", "Unknown"),
}
REASONS: dict[str, Text] = {
    Reason.UNKNOWN_USER: t("宛先が存在しない", "no such recipient"),
    Reason.UNKNOWN_HOST: t("ドメインが存在しない", "no such domain"),
    Reason.DISABLED: t("アカウントが停止されている", "account disabled"),
    Reason.MOVED: t("アドレスが変わった", "address changed"),
    Reason.MAILBOX_FULL: t("受信箱がいっぱい", "mailbox full"),
    Reason.TOO_LARGE: t("メールが大きすぎる", "mail too large"),
    Reason.BLOCKED: t("受信側が拒否した", "refused by the receiving side"),
    Reason.EXPIRED: t("再送の期限が切れた", "tried until the time limit"),
    Reason.ROUTING: t("相手のサーバーに届かない", "server can't be reached"),
    Reason.CONTENT: t("内容が受け付けられない", "content not accepted"),
    Reason.UNSTATED: t("理由の記載なし", "no reason stated"),
}


@dataclass(frozen=True, slots=True)
class BounceFigures:
    """What came back of a dispatch: every mail counts once, by the gravest that was reported of it."""

    complaint: int = 0
    hard: int = 0
    soft: int = 0
    delayed: int = 0
    auto_reply: int = 0
    unknown: int = 0
    delivered: int = 0

    @property
    def bounced(self) -> int:
        """The mails that did not reach their person."""
        return self.hard + self.soft


def bounce_figures(dispatch_id: int) -> BounceFigures:
    """What came back of a dispatch so far. The ledger's own figures are not touched by it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery.bounces", "figures"), [dispatch_id])
        return BounceFigures(**{kind: int(number) for kind, number in cursor.fetchall()})


def bounces(*, kind: str = "", dispatch_id: int | None = None, contact_id: int | None = None) -> QuerySet[Bounce]:
    """Reports, the newest first; by kind, dispatch, contact."""
    found = Bounce.objects.order_by("-id")
    if kind:
        found = found.filter(kind=kind)
    if dispatch_id is not None:
        found = found.filter(dispatch_id=dispatch_id)
    if contact_id is not None:
        found = found.filter(contact_id=contact_id)
    return found


def bounce(bounce_id: int) -> Bounce:
    """A report with its bytes. Raises NotFound."""
    found = Bounce.objects.select_related("raw").filter(pk=bounce_id).first()
    if found is None:
        raise NotFound(t("この報告は見つかりません。", "There is no such report."))
    return found


def counts() -> dict[str, int]:
    """How many reports there are of each kind, as the tally has it."""
    found = BounceTally.objects.values("kind").annotate(number=Sum("rows")).filter(number__gt=0)
    return {row["kind"]: row["number"] for row in found}
