"""The practice-mode mail catcher: an SMTP server on loopback that keeps mail for people to look at (G11)."""

import asyncio
import signal
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import close_old_connections

from tashika.core import clock, config
from tashika.delivery.models import CaughtMail

KEPT = 20_000  # mails; the oldest give way


class _Catcher:
    """Keeps what arrives, in groups: a mail is answered when its group is committed."""

    def __init__(self) -> None:
        self._waiting: list[tuple[CaughtMail, asyncio.Future[None]]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        subject = str(message_from_bytes(content.partition(b"\r\n\r\n")[0], policy=policy.default).get("Subject", ""))
        mails = [
            CaughtMail(
                at=clock.now(),
                sender=str(envelope.mail_from or "")[:254],
                recipient=str(recipient)[:254],
                subject=subject[:500],
                message=content,
            )
            for recipient in envelope.rcpt_tos
        ]
        futures = [asyncio.get_running_loop().create_future() for _ in mails]
        self._waiting += zip(mails, futures, strict=True)
        await asyncio.gather(*futures)
        return "250 OK caught"

    async def keep(self) -> None:
        """Write what waits, fifty times a second."""
        while True:
            await asyncio.sleep(0.02)
            group, self._waiting = self._waiting, []
            if not group:
                continue
            try:
                await sync_to_async(_write)([mail for mail, _ in group])
                for _, future in group:
                    future.set_result(None)
            except Exception as error:
                for _, future in group:
                    future.set_exception(error)


def _write(mails: list[CaughtMail]) -> None:
    close_old_connections()
    CaughtMail.objects.bulk_create(mails)
    newest = CaughtMail.objects.order_by("-id").values_list("id", flat=True).first() or 0
    if newest % 100 < len(mails):
        CaughtMail.objects.filter(id__lte=newest - KEPT).delete()


def run_forever() -> None:
    """Catch mail until SIGTERM or SIGINT."""
    asyncio.run(_run())


async def _run() -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    catcher = _Catcher()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(catcher, data_size_limit=50_000_000, enable_SMTPUTF8=True, ident="Tashika practice mode"),
        host="127.0.0.1",
        port=config.get_int("practice_port"),
    )
    keeping = asyncio.create_task(catcher.keep())
    await ending.wait()
    server.close()
    keeping.cancel()
