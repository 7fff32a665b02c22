"""Hostile input, through the interface's own doors: each gets a clear word that names the place, or is rendered harmless;
and nothing else breaks. The workers, the sender and the SMTP server are real processes over real sockets."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from bench.scenery import SHORT_MAIL
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tashika.accounts.models import User
from tashika.core import config
from tashika.delivery import queries
from tashika.delivery.models import Dispatch
from tashika.people.models import Contact, Import, QuarantinedRow
from tashika.scenarios.models import Publication
from tests.delivery.conftest import check_ledger_against, database_url, relay_to, wait_until
from tests.fakes.smtp_server import SmtpServer
from tests.people.test_importing import _bomb

pytestmark = pytest.mark.django_db(transaction=True)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
FORMULA = "=cmd|' /C calc'!A0"
CODE = "{{ contact.__class__ }}"
HEADER = ["メールアドレス", "姓", "名", "会社名", FORMULA]
HOSTILE = [
    ["formula@recipient.example.jp", "佐藤", "健太", FORMULA, ""],  # taken: a company may be called anything
    ["code@recipient.example.jp", "鈴木", "愛", CODE, ""],  # taken: a value is no template
    ["crlf@recipient.example.jp", "田中\r\nBcc: spy@example.com", "誠", "株式会社みらい", ""],
    ["long@recipient.example.jp", "高橋", "葵", "あ" * 1_750_000, ""],  # 5 MB
    [FORMULA, "伊藤", "蓮", "+1", ""],
]
REFUSED_AT_THE_DOOR = [
    ("写真.png", PNG, "png"),
    ("顧客.csv", PNG, "png"),
    ("顧客.xlsx", PNG, "png"),
    ("爆弾.xlsx", _bomb(), "大きすぎる"),
    ("爆弾.csv", _bomb(), "大きすぎる"),
]
PAGES = ("/", "/contacts", "/imports", "/segments", "/mails", "/scenarios", "/dispatches", "/suppression", "/audit")


@contextmanager
def running(command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`tashika worker` or `tashika sender`, on the test's database."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tashika.cli", command],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
            "DATABASE_URL": database_url(),
            "TASHIKA_SECRET_KEY": settings.SECRET_KEY,
        },
    )
    try:
        yield process
        assert process.poll() is None, f"{command} has gone on all the time"
    finally:
        process.terminate()
        process.wait(30)


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _upload(client: Client, name: str, content: bytes) -> Any:
    return client.post("/imports/new", {"file": SimpleUploadedFile(name, content)}, follow=True)


def _take_in(client: Client, name: str, rows: list[list[str]]) -> Import:
    """The whole way by the pages; the worker does what it does."""
    where = _upload(client, name, _csv(rows)).request["PATH_INFO"]
    found = Import.objects.get(pk=int(where.rpartition("/")[2]))
    form = {f"column-{index}": field for index, field in enumerate(found.mapping)}
    client.post(f"{where}/set-up", {**form, "consent_ground": "form"})
    _wait_for(found, Import.State.READY)
    client.post(f"{where}/begin")
    _wait_for(found, Import.State.FINISHED)
    return found


def _wait_for(found: Import, state: str) -> None:
    def reached() -> bool:
        found.refresh_from_db()
        assert found.state != Import.State.FAILED, found.error
        return found.state == state

    wait_until(reached, 60)


def _save_mail(client: Client, public_id: str, text: str) -> None:
    revision = client.get(f"/mails/{public_id}").context["content"].draft_revision
    sent = {"name": "ご案内", "revision": revision, "draft": {**SHORT_MAIL, "text": text}}
    assert (
        client.post(f"/contents/{public_id}/draft", json.dumps(sent), content_type="application/json").status_code
        == 200
    )


def _broadcast(client: Client) -> tuple[str, str]:
    """A scenario to everybody, and its mail."""
    segment = client.post("/segments/new", {"name": "全員", "kind": "rules"})["Location"].rpartition("/")[2]
    rule = {"op": "and", "rules": [{"field": "email", "test": "is_not_empty"}]}
    saved = client.post(
        f"/contents/{segment}/draft",
        json.dumps({"draft": {"rule": rule}, "name": "全員", "revision": 1}),
        "application/json",
    )
    assert saved.status_code == 200, saved.content
    mail = client.post("/mails/new", {"name": "ご案内"})["Location"].rpartition("/")[2]
    made = client.post("/scenarios/new/broadcast", {"name": "一斉配信", "segment": segment, "mail": mail})["Location"]
    return made.removesuffix("/review"), mail


def _publish(client: Client, scenario: str) -> Any:
    page = client.get(f"{scenario}/review")
    seen = {"bill": page.context["bill"], "people": page.context["review"].forecast.planned}
    return page, client.post(f"{scenario}/publish", seen)


def _read(response: Any) -> str:
    async def whole() -> bytes:
        return b"".join([part async for part in response])

    return async_to_sync(whole)().decode()


def test_each_hostile_thing_is_refused_or_harmless_and_nothing_else_breaks(
    client: Client, publisher: User, now: datetime
) -> None:
    client.force_login(publisher)
    with running("worker"), running("sender"), SmtpServer() as server:
        relay_to(server, now, is_default=True)
        _what_is_no_table_is_refused(client)
        _hostile_rows_are_kept_back_with_their_place(client)
        _a_name_cannot_bring_a_line_break_by_the_form(client)
        scenario = _a_mail_that_reaches_into_the_engine_is_refused_with_its_place(client)
        assert server.taken == [], "nothing of all this has left"
        clean = [[f"clean{n}@recipient.example.jp", "佐藤", "愛", "株式会社みらい", ""] for n in range(40)]
        made = _take_in(client, "きれい.csv", [HEADER, *clean])
        assert (made.rows, made.created, made.quarantined) == (40, 40, 0)
        for page in PAGES:
            assert client.get(page).status_code == 200, page
        _everybody_who_was_taken_gets_it_once(client, scenario, server)


def _kept() -> set[str]:
    folder = config.data_folder() / "imports"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _what_is_no_table_is_refused(client: Client) -> None:
    before = _kept()
    for name, content, words in REFUSED_AT_THE_DOOR:
        answer = _upload(client, name, content)
        assert answer.request["PATH_INFO"] == "/imports/new" and words in answer.content.decode(), name
    assert not Import.objects.exists()
    assert _kept() == before, "nothing of them is kept"


def _hostile_rows_are_kept_back_with_their_place(client: Client) -> None:
    made = _take_in(client, "こわい.csv", [HEADER, *HOSTILE])
    assert (made.rows, made.created, made.quarantined) == (5, 2, 3)
    kept = {row.number: (row.reasons[0]["code"], row.reasons[0]["field"]) for row in QuarantinedRow.objects.all()}
    assert kept == {
        4: ("control_character", "family_name"),
        5: ("too_long", "company_name"),
        6: ("address_spaces", "email"),
    }
    assert max(len(json.dumps(row.cells)) for row in QuarantinedRow.objects.all()) < 200_000
    page = client.get(f"/imports/{made.pk}")
    assert page.status_code == 200
    assert all(words in page.content.decode() for words in ("改行や制御文字", "長すぎる", "アドレスに空白"))
    for row in QuarantinedRow.objects.all():
        assert client.get(f"/imports/rows/{row.pk}").status_code == 200
    lines = b"".join(client.get(f"/imports/{made.pk}/quarantine.csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    _no_cell_is_a_formula(lines)
    assert f"'{FORMULA}" in lines
    contact = Contact.objects.get(email="formula@recipient.example.jp")
    assert contact.company_name == FORMULA, "kept as it was written"
    assert client.get(f"/contacts/{contact.pk}").status_code == 200


def _a_name_cannot_bring_a_line_break_by_the_form(client: Client) -> None:
    form = {"email": "form@recipient.example.jp", "family_name": "田中\r\nBcc: spy@example.com"}
    page = client.post("/contacts/new", form)
    assert "改行や制御文字は使えません" in page.content.decode() and page.context["error"].where == "family_name"
    assert not Contact.objects.filter(email=form["email"]).exists()


def _a_mail_that_reaches_into_the_engine_is_refused_with_its_place(client: Client) -> str:
    scenario, mail = _broadcast(client)
    _save_mail(client, mail, f"こんにちは\n{CODE}\n{{{{ opt_out_url }}}}\n")
    sent = {"body": {**SHORT_MAIL, "text": f"こんにちは\n{CODE}"}}
    shown = client.post("/mails/preview", json.dumps(sent), content_type="application/json").json()
    errors = [(one["part"], one["line"]) for one in shown["problems"] if one["severity"] == "error"]
    assert ("text", 2) in errors and "class" not in shown["text"].replace(CODE, "")
    page, answer = _publish(client, scenario)
    assert page.context["blocked"] and answer.status_code == 409
    assert not Publication.objects.exists() and not Dispatch.objects.exists()
    return scenario


def _everybody_who_was_taken_gets_it_once(client: Client, scenario: str, server: SmtpServer) -> None:
    _save_mail(client, "M-1", "{{ contact.company_name }}\n{{ contact.family_name }}様\n{{ opt_out_url }}\n")
    assert _publish(client, scenario)[1].status_code == 302
    dispatch = Dispatch.objects.get()
    wait_until(lambda: queries.figures(dispatch.pk).accepted == 42, 60)
    check_ledger_against(server, dispatch)
    assert {one.recipient for one in server.taken} == set(Contact.objects.values_list("email", flat=True))
    bodies = {one.recipient: message_from_bytes(one.body, policy=policy.default) for one in server.taken}
    for address, message in bodies.items():
        assert (message["To"].addresses[0].addr_spec, message["Bcc"], message["Cc"]) == (address, None, None)
    assert CODE in _text(bodies["code@recipient.example.jp"]), "a value is shown as it is, never run"
    assert FORMULA in _text(bodies["formula@recipient.example.jp"])
    lines = _read(client.get(f"/dispatches/{dispatch.pk}/got.csv"))
    _no_cell_is_a_formula(lines)
    assert f"'{FORMULA}" in lines


def _text(message: Any) -> str:
    return str(message.get_body(("plain",)).get_content())


def _no_cell_is_a_formula(lines: str) -> None:
    """Read back as a spreadsheet would."""
    for row in csv.reader(io.StringIO(lines.lstrip("\ufeff"))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row), row


@pytest.mark.parametrize("mark", ["=1+1", "+81", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(mark: str) -> None:
    """Full-width signs too: a spreadsheet in Japanese takes them for the sign itself."""
    from tashika.web.formulas import harmless

    assert harmless(mark) == f"'{mark}" and harmless("株式会社みらい") == "株式会社みらい"


def test_a_file_beyond_the_limit_is_refused_while_it_is_read(
    client: Client, editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing of it is kept."""
    client.force_login(editor)
    monkeypatch.setenv("TASHIKA_IMPORT_MAX_BYTES", "1000")
    before = _kept()
    answer = _upload(client, "大きい.csv", b"email\n" + b"a@example.jp\n" * 100_000)
    assert "大きすぎます" in answer.content.decode() and not Import.objects.exists()
    assert _kept() == before
