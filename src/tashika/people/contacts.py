"""Add, change and delete contacts; every value keeps where it came from."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tashika.accounts.models import User
from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import companies, fields, sources
from tashika.people.addresses import address_hash, address_key
from tashika.people.models import Contact, ContactHistory, Suppression

TEXT_FIELDS = (
    "family_name",
    "given_name",
    "family_kana",
    "given_kana",
    "company_name",
    "department",
    "job_title",
    "phone",
    "mobile",
    "postal_code",
    "prefecture",
    "address",
    "external_id",
    "note",
)


class UnableToSaveContact(TashikaError):
    """A value can't be used; `where` is its field."""

    code = "unable_to_save_contact"
    status = 422


def add(*, values: dict[str, Any], by: Actor, now: datetime) -> Contact:
    """Add a contact. Raises UnableToSaveContact: a bad or known address, a value that does not fit its field.
    An address that has opted out before stays opted out."""
    cleaned = _cleaned(values)
    if "email" not in cleaned:
        raise UnableToSaveContact(t("メールアドレスを入力してください。", "Give an address."), where="email")
    with transaction.atomic():
        contact = Contact(source=sources.of_actor(by, now=now), created_at=now, updated_at=now, **cleaned)
        contact.address_hash = address_hash(contact.email_key)
        if Suppression.objects.filter(address_hash=contact.address_hash, reason="opt_out").exists():
            contact.consent, contact.opted_out_at = "withdrawn", now
        contact.company = companies.of_name(contact.company_name)
        try:
            with transaction.atomic():
                contact.save(force_insert=True)
        except IntegrityError as error:
            raise UnableToSaveContact(
                t("このメールアドレスはすでに登録されています。", "A contact with this address is already there."),
                where="email",
            ) from error
        audit.record(actor=by, verb="add_contact", subject=str(contact), now=now)
    return contact


def change(*, contact: Contact, values: dict[str, Any], by: Actor, now: datetime) -> Contact:
    """Change values; the old ones stay in the history. Values that are as they were are no change. Within `custom` too
    what is left out stays, and "" empties. Raises UnableToSaveContact, fields.UnableToUseValue."""
    cleaned = _cleaned(values)
    with transaction.atomic():
        current = Contact.objects.select_for_update().get(pk=contact.pk)
        source = sources.of_actor(by, now=now)
        if "custom" in cleaned:  # what is not named stays, values of archived fields above all
            kept = {key: value for key, value in current.custom.items() if key not in values["custom"]}
            cleaned["custom"] = kept | cleaned["custom"]
        changes = {
            name: [getattr(current, name), new] for name, new in cleaned.items() if getattr(current, name) != new
        }
        if not changes:
            return current
        for name, (_, new) in changes.items():
            setattr(current, name, new)
            current.field_sources["owner" if name == "owner_id" else name] = source.pk
        current.address_hash = address_hash(current.email_key)
        current.company = companies.of_name(current.company_name)
        current.updated_at = now
        try:
            with transaction.atomic():
                current.save(update_fields=[*changes, "address_hash", "company", "field_sources", "updated_at"])
        except IntegrityError as error:
            raise UnableToSaveContact(
                t("このメールアドレスは別の見込み顧客が使っています。", "Another contact has this address."),
                where="email",
            ) from error
        ContactHistory.objects.create(contact_id=current.pk, at=now, source=source, act="updated", changes=changes)
        audit.record(actor=by, verb="change_contact", subject=str(current), now=now, detail={"fields": sorted(changes)})
    return current


def delete(*, contact: Contact, by: Actor, now: datetime) -> None:
    """Delete a contact. The suppression of its address stays, and so does the ledger."""
    with transaction.atomic():
        source = sources.of_actor(by, now=now)
        ContactHistory.objects.create(contact_id=contact.pk, at=now, source=source, act="deleted", changes={})
        audit.record(actor=by, verb="delete_contact", subject=str(contact), now=now)
        contact.delete()


def _cleaned(values: dict[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if name == "email":
            cleaned |= _address(str(value))
        elif name == "custom":
            cleaned["custom"] = fields.cleaned(dict(value))
        elif name == "owner":
            cleaned["owner_id"] = _owner(str(value))
        elif name in TEXT_FIELDS:
            cleaned[name] = _text(name, str(value))
        else:
            raise UnableToSaveContact(
                t("項目 {name} はありません。", "There is no field {name}.", name=name), where=name
            )
    return cleaned


def _address(address: str) -> dict[str, str]:
    from tashika.people.checking import address_problem

    address = address.strip()
    problem = address_problem(address)
    if problem:
        raise UnableToSaveContact(
            t("メールアドレスの形式が正しくありません。", "This is not a valid address."),
            fix=t("例: taro@example.jp", "Example: taro@example.jp"),
            where="email",
        )
    return {"email": address, "email_key": address_key(address)}


def _owner(address: str) -> int | None:
    """The person of ours with an address; None for nobody."""
    if not address.strip():
        return None
    found = User.objects.filter(email__iexact=address.strip(), is_active=True).first()
    if found is None:
        raise UnableToSaveContact(
            t("担当者 {email} はいません。", "There is nobody of ours called {email}.", email=address), where="owner"
        )
    return int(found.pk)


def _text(name: str, value: str) -> str:
    value = value.strip()
    if any(ord(ch) < 32 for ch in value) and name != "note":
        raise UnableToSaveContact(
            t("改行や制御文字は使えません。", "No line breaks or control characters."), where=name
        )
    limit = getattr(Contact._meta.get_field(name), "max_length", None)
    if limit and len(value) > limit:
        raise UnableToSaveContact(t("{n}文字以内にしてください。", "At most {n} characters.", n=limit), where=name)
    return value.replace("\0", "")
