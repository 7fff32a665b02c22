"""DKIM: does the DNS show the keys that we sign with?"""

from collections.abc import Iterator

from tashika.core.text import Text, t
from tashika.delivery.dkim import keys
from tashika.delivery.sender_check.findings import OK, PROBLEM, WARNING, Finding, Record
from tashika.delivery.sender_check.looked_at import Key, LookedAt


def check(at: LookedAt) -> Iterator[Finding]:
    """Each key, and the records that have to stay."""
    if not at.keys:
        yield Finding(
            "dkim", PROBLEM if at.relay_host else WARNING,
            t("Tashika はまだ署名していません。", "Tashika does not sign yet."),
            t("署名鍵を作り、DNSに登録して有効にしてください。送信サーバー側で署名している場合は不要です。", "Make a key, put it into the DNS, activate it. Not needed where the relay signs."),
        )  # fmt: skip
    elif not any(key.active for key in at.keys):
        yield Finding(
            "dkim", WARNING, t("有効な署名鍵がありません。", "No key is active."),
            t("レコードがDNSに出たら、有効にしてください。", "Activate one once its record is in the DNS."),
        )  # fmt: skip
    for key in at.keys:
        yield _key(at, key)
    for old in at.retired:
        if not at.lookup.txt(old.record_name):
            yield Finding(
                "dkim", WARNING,
                t("引退した鍵のレコード {n} が、もう消されています。", "The record of the retired key {n} is gone already.", n=old.record_name),
                t("配送中のメールの署名を確かめられません。次は引退から7日間残してください。", "Mails on their way can't be verified. Leave it for seven days next time."),
            )  # fmt: skip


def _key(at: LookedAt, key: Key) -> Finding:
    shown = tuple(at.lookup.txt(key.record_name))
    record = Record(key.record_name, "TXT", key.record_text)
    level = PROBLEM if key.active else WARNING
    name = key.record_name.partition(".")[0]
    add = t("次のTXTレコードを追加してください。", "Add this TXT record.")
    change = t("レコードを次の内容に直してください。", "Change the record to this.")
    if not shown:
        words = t("鍵 {n} のレコードがDNSにありません。", "The record of the key {n} is not in the DNS.", n=name)
        return Finding("dkim", level, words, add, record)
    if len(shown) > 1:
        words = t("{n} にTXTレコードが複数あり、受信側で結果が定まりません。", "{n} has several TXT records: which one counts is left to chance.", n=name)  # fmt: skip
        return Finding("dkim", level, words, t("1つだけ残してください。", "Leave one."), record, shown)
    fault = _fault(shown[0], key)
    if fault:
        return Finding("dkim", level, fault, change, record, shown)
    if keys.read(shown[0]).testing:
        words = t(
            "鍵 {n} のレコードがテスト中（t=y）になっています。",
            "The record of {n} says that it is a test (t=y).",
            n=name,
        )
        return Finding("dkim", WARNING, words, t("t=y を消してください。", "Remove t=y."), record, shown)
    if not key.active:
        words = t(
            "鍵 {n} がDNSに出ています。有効にできます。", "The key {n} is in the DNS and can be activated.", n=name
        )
        return Finding("dkim", OK, words, shown=shown)
    words = t("鍵 {n} がDNSのレコードと一致しています。", "The key {n} matches its record in the DNS.", n=name)
    return Finding("dkim", OK, words, shown=shown)


def _fault(text: str, key: Key) -> Text | None:
    try:
        found = keys.read(text)
    except keys.NoKeyRecord:
        return t("鍵のレコードとして読めません。", "The record can't be read as a key.")
    if not found.public:
        return t(
            "レコードは鍵の失効を示しています（p= が空）。", "The record says that the key was revoked (p= is empty)."
        )
    if not keys.fits(found, key.algorithm, key.public):
        return t("DNSにあるのは別の鍵です。", "What the DNS shows is another key.")
    return None
