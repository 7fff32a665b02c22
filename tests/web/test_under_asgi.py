"""What the ASGI server streams is asynchronous: Django gathers a synchronous iterator in memory first, and warns."""

import warnings
from datetime import datetime

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tashika.accounts.models import User
from tashika.people import importing, uploading
from tashika.people.models import QuarantinedRow
from tashika.web.asgi import application


def test_static_files_are_served_whole_in_part_and_not_again() -> None:
    whole = _get("/static/web/tashika.js")
    assert whole[0] == 200 and b"javascript" in whole[1][b"content-type"] and len(whole[2]) > 1000
    part = _get("/static/web/tashika.js", (b"range", b"bytes=2-5"))
    assert part[0] == 206 and part[2] == whole[2][2:6]
    again = _get("/static/web/tashika.js", (b"if-modified-since", whole[1][b"last-modified"]))
    assert again[0] == 304 and again[2] == b""


@async_to_sync
async def _get(path: str, *headers: tuple[bytes, bytes]) -> tuple[int, dict[bytes, bytes], bytes]:
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"localhost"), *headers], "server": ("localhost", 80), "scheme": "http",
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conversation = ApplicationCommunicator(application, scope)
        await conversation.send_input({"type": "http.request", "body": b""})
        start = await conversation.receive_output(10)
        content, more = b"", True
        while more:
            part = await conversation.receive_output(10)
            content, more = content + part.get("body", b""), part.get("more_body", False)
        await conversation.wait(10)
    return start["status"], {name.lower(): value for name, value in start["headers"]}, content


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "reason"), [("ja", "理由"), ("en", "Reasons")])
def test_a_quarantine_of_any_length_is_sent_block_by_block(
    language: str, reason: str, client: Client, editor: User, now: datetime
) -> None:
    editor.language = language
    editor.save(update_fields=["language"])
    file = SimpleUploadedFile("名簿.csv", "メールアドレス,姓\nこわれた,佐藤\n".encode())
    taken = uploading.take(file_name="名簿.csv", blocks=file.chunks(), by=editor, now=now)
    importing.set_up(contact_import=taken, mapping=["email", "family_name"], options={}, by=editor, now=now)
    reasons = [{"code": "broken_address", "field": "email", "value": ""}]
    QuarantinedRow.objects.bulk_create(
        [
            QuarantinedRow(contact_import=taken, number=n, cells=[f"=こわれた{n}"], reasons=reasons)
            for n in range(2, 2502)
        ]
    )
    client.force_login(editor)
    answer = client.get(f"/imports/{taken.pk}/quarantine.csv")
    assert answer.is_async

    @async_to_sync
    async def blocks() -> list[bytes]:
        return [block async for block in answer]

    found = blocks()
    lines = b"".join(found).decode("utf-8-sig").splitlines()
    assert len(found) == 5 and len(lines) == 2501, "BOM, header, three blocks"
    assert reason in lines[0] and lines[1].startswith("'=こわれた2,,2,")
