"""How fast a compiled mail is built, beside the standard library's EmailMessage in the same run. Prints one JSON line.

    python bench/compile.py [seconds]

A Japanese HTML and text mail of about 6 kB with five merge fields, opt-out link, tracked links and pixel. Only the
ratio compares between machines.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from django.conf import settings

if not settings.configured:
    settings.configure(USE_I18N=False)

from tashika.mails.compiling import CompiledMail, compile_mail
from tashika.mails.recipient import Recipient

ORGANISATION = {"name": "株式会社サンプル", "postal_address": "東京都千代田区1-1-1", "contact": "info@example.jp"}
PARAGRAPH = (
    "<p>秋の新製品説明会を開催いたします。皆様のご参加を心よりお待ちしております。"
    "詳しくは下記のページをご覧ください。</p>\n"
)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def body(*, conditional: bool) -> dict[str, object]:
    """A mail whose two parts make about 6 kB."""
    more = "{% if contact.job_title %}<p>{{ contact.job_title }}の皆様へ</p>{% endif %}" if conditional else ""
    return {
        "subject": "{{ contact.family_name | default: 'お客様' }}様 秋の新製品説明会のご案内",
        "preheader": "11月の説明会のご案内です",
        "from_name": "株式会社サンプル",
        "from_email": "news@example.jp",
        "reply_to": "info@example.jp",
        "format": "html",
        "text_auto": True,
        "category": "commercial",
        "track_opens": True,
        "track_clicks": True,
        "html": "<p>{{ contact.company_name }}<br>{{ contact.department }} {{ contact.job_title }}<br>"
        "{{ contact.family_name | default: 'ご担当者' }} {{ contact.given_name }} 様</p>"
        + more
        + PARAGRAPH * 13
        + '<p><a href="https://www.example.jp/a">詳細</a> <a href="https://www.example.jp/b">申し込む</a></p>',
    }


def recipient(number: int) -> Recipient:
    """An invented person."""
    contact = {
        "company_name": f"株式会社架空{number}",
        "department": "営業部",
        "job_title": "部長",
        "family_name": "髙橋",
        "given_name": f"花子{number}",
        "custom": {},
    }
    token = f"{number:026d}"
    base = "https://mail.example.jp"
    return Recipient(
        f"hanako{number}@example.com",
        f"{token}@example.jp",
        {"contact": contact},
        f"{base}/o/{token}",
        f"{base}/o1/{token}",
        f"{base}/p/{token}",
        f"{base}/c/{token}/",
    )


def by_email_message(mail: CompiledMail, person: Recipient) -> bytes:
    """The same mail as most programs build it."""
    subject, html, text = mail.parts(person)
    message = EmailMessage(policy=SMTP)
    message["From"] = "株式会社サンプル <news@example.jp>"
    message["To"], message["Subject"], message["Message-ID"] = person.address, subject, f"<{person.message_id}>"
    message["List-Unsubscribe"] = f"<{person.one_click_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def rate(build: Callable[[Recipient], bytes], seconds: float) -> float:
    """Builds a second of CPU, over people who differ."""
    people = [recipient(number) for number in range(500)]
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for person in people[: 500 if spent > 0 and count > 1000 else 50]:
            build(person)
            count += 1
    return count / spent


def main() -> None:
    """Measures and prints."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    plain = compile_mail(body(conditional=False), organisation=ORGANISATION)
    conditional = compile_mail(body(conditional=True), organisation=ORGANISATION)
    _, html, text = plain.parts(recipient(1))
    figures = {
        "body_bytes": len(html.encode()) + len(text.encode()),
        "message_bytes": len(plain.build(recipient(1), NOW)),
        "builds_per_second": round(rate(lambda person: plain.build(person, NOW), seconds)),
        "builds_per_second_with_condition": round(rate(lambda person: conditional.build(person, NOW), seconds)),
        "email_message_per_second": round(rate(lambda person: by_email_message(plain, person), seconds)),
    }
    figures["ratio"] = round(figures["builds_per_second"] / figures["email_message_per_second"], 1)
    print(json.dumps({"bench": "compile", **figures}))


if __name__ == "__main__":
    main()
