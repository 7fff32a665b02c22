"""Tags, custom fields and companies at the command line."""

import argparse
import json
from datetime import datetime
from typing import Any

import pytest

from tashika.cli.commands import companies, fields, tags
from tashika.core.actors import SYSTEM
from tashika.core.errors import NotFound, TashikaError
from tashika.people import contacts, tagging
from tashika.people.models import Company, Contact, CustomField, Tag

pytestmark = pytest.mark.django_db


def said(module: Any, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    parser = argparse.ArgumentParser()
    module.configure(parser)
    assert module.run(parser.parse_args([*words, "--json"])) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def two(now: datetime) -> list[Contact]:
    found = [
        contacts.add(values={"email": f"{n}@example.jp", "company_name": name}, by=SYSTEM, now=now)
        for n, name in enumerate(("株式会社みらい", "株式会社あした"))
    ]
    for contact, name in zip(found, ("展示会", "見本市"), strict=True):
        tagging.put_on(tag=tagging.of_name(name, now=now), contact_ids=[contact.pk], by=SYSTEM, now=now)
    return found


def test_tags(two: list[Contact], capsys: pytest.CaptureFixture[str]) -> None:
    assert said(tags, capsys) == {"展示会": 1, "見本市": 1}
    assert said(tags, capsys, "rename", "展示会", "展示会2026")["name"] == "展示会2026"
    assert said(tags, capsys, "merge", "見本市", "展示会", "--yes") == {"contacts": 1}
    with pytest.raises(TashikaError, match="答える人がいません"):
        said(tags, capsys, "delete", "展示会2026")
    assert said(tags, capsys, "delete", "展示会2026", "--yes") == {"contacts": 2}
    assert not Tag.objects.exists()
    with pytest.raises(NotFound):
        said(tags, capsys, "delete", "展示会2026", "--yes")


def test_fields(two: list[Contact], capsys: pytest.CaptureFixture[str]) -> None:
    said(fields, capsys, "add", "product", "圧力計", "流量計", "--type", "choice", "--label", "製品")
    said(fields, capsys, "add", "plant", "--label", "工場")
    said(fields, capsys, "rename", "plant", "工場名")
    said(fields, capsys, "choices", "product", "流量計")
    assert list(said(fields, capsys, "order", "plant")) == ["plant", "product"]
    assert said(fields, capsys, "archive", "plant", "--yes")["plant"]["archived"]
    assert said(fields, capsys, "bring-back", "plant")["plant"] == {
        "label": "工場名", "type": "text", "choices": [], "archived": None,
    }  # fmt: skip
    assert CustomField.objects.get(key="product").choices == ["流量計"]


def test_companies(two: list[Contact], capsys: pytest.CaptureFixture[str]) -> None:
    one, other = two[0].company_id, two[1].company_id
    assert said(companies, capsys, "list", "みらい") == {f"{one} 株式会社みらい": 1}
    assert said(companies, capsys, "rename", str(one), "みらい計測", "--in-contacts") == {"contacts": 1}
    assert said(companies, capsys, "join", str(other), str(one), "--yes") == {"contacts": 1}
    assert Company.objects.filter(leads_to=None).count() == 1
