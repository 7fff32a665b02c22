"""SPF: is the address that our mail leaves from named by the domain of the return path?"""

from collections.abc import Iterator

from tashika.core.text import t
from tashika.delivery.sender_check import spf
from tashika.delivery.sender_check.findings import OK, PROBLEM, UNKNOWN, WARNING, Finding, Record
from tashika.delivery.sender_check.looked_at import LookedAt

_NOBODY = "192.0.2.1"  # TEST-NET-1 (RFC 5737): nobody's mail comes from there
_MANY = 8  # look-ups


def check(at: LookedAt) -> Iterator[Finding]:
    """The record itself, then each address that mail leaves from."""
    name = at.return_path
    found = spf.records(name, at.lookup)
    if not found:
        yield Finding(
            "spf", PROBLEM, t("SPFレコードがありません。", "There is no SPF record."),
            t("次のTXTレコードを追加してください。メール配信サービスを使う場合は、その案内にある include も加えます。", "Add this TXT record; with a mail service, also the include that it names."),
            _suggested(at),
        )  # fmt: skip
        return
    if len(found) > 1:
        yield Finding(
            "spf", PROBLEM,
            t("SPFレコードが{n}つあり、どれも無効になります。", "There are {n} SPF records, so none counts.", n=len(found)),
            t("1つにまとめてください。", "Join them into one."), shown=tuple(found),
        )  # fmt: skip
        return
    yield from _record(at, found[0])


def _record(at: LookedAt, text: str) -> Iterator[Finding]:
    stranger = spf.evaluate(address=_NOBODY, domain=at.return_path, lookup=at.lookup)
    if stranger.result in ("temperror", "permerror"):
        broken = stranger.result == "permerror"
        yield Finding(
            "spf", PROBLEM if broken else UNKNOWN,
            t("SPFレコードを最後までたどれません: {why}", "The SPF record can't be followed: {why}", why=stranger.why),
            t("レコードを直してください。", "Mend the record.") if broken else t("あとで確認し直してください。", "Check again later."),
            shown=(text,),
        )  # fmt: skip
        return
    if stranger.result == "pass":
        yield Finding(
            "spf", PROBLEM, t("誰でもこのドメインを名乗れます。", "Anybody may send in this domain's name."),
            t("+all をやめ、~all か -all で終わらせてください。", "End it with ~all or -all instead of +all."), shown=(text,),
        )  # fmt: skip
        return
    if stranger.lookups > _MANY:
        yield Finding(
            "spf", WARNING,
            t("DNSの問い合わせが{n}回です（上限10回）。", "It takes {n} DNS look-ups; 10 are allowed.", n=stranger.lookups),
            t("使っていない include を消してください。", "Remove includes that are no longer used."), shown=(text,),
        )  # fmt: skip
    yield from _addresses(at, text)


def _addresses(at: LookedAt, text: str) -> Iterator[Finding]:
    if not at.outgoing:
        yield Finding(
            "spf", UNKNOWN,
            t("SPFレコードはあります。どのIPアドレスから送信されるかは、まだ分かりません。", "There is an SPF record. From which address mail leaves is not known yet."),
            t("送信サーバーを登録するか、下の欄に送信元IPアドレスを書いてください。", "Set up a relay, or give the outgoing addresses below."), shown=(text,),
        )  # fmt: skip
        return
    refused = []
    for address in at.outgoing:
        result = spf.evaluate(address=address, domain=at.return_path, lookup=at.lookup).result
        if result == "pass":
            words = t("{ip} からの送信が許可されています。", "{ip} may send for this domain.", ip=address)
            yield Finding("spf", OK, words, shown=(text,))
        elif result == "temperror":
            yield Finding("spf", UNKNOWN, t("DNSの応答がありません。", "The DNS did not answer."), shown=(text,))
        else:
            refused.append(address)
    if refused:
        yield _refused(at, refused, text)


def _refused(at: LookedAt, addresses: list[str], text: str) -> Finding:
    shown = ", ".join(addresses)
    words = t("{ip} からの送信が許可されていません。", "{ip} may not send for this domain.", ip=shown)
    record = Record(at.return_path, "TXT", _with(text, addresses))
    if at.stated:
        fix = t("いまのレコードを次のように直してください。", "Change the record to this.")
        return Finding("spf", PROBLEM, words, fix, record, (text,))
    fix = t(
        "これは送信サーバー {host} のアドレスです。実際の送信元IPアドレスが別にあれば下の欄に書いてください。同じなら、レコードに追加してください。",
        "This is the address of the relay {host}. If mail leaves from another one, give it below; if not, add it to the record.",
        host=at.relay_host,
    )
    return Finding("spf", WARNING, words, fix, record, (text,))


def _suggested(at: LookedAt) -> Record:
    parts = [_mechanism(address) for address in at.outgoing] if at.stated else []
    if not parts and at.relay_host:
        parts = [f"a:{at.relay_host}"]
    return Record(at.return_path, "TXT", " ".join(["v=spf1", *(parts or ["mx"]), "~all"]))


def _with(text: str, addresses: list[str]) -> str:
    version, *rest = text.split()
    return " ".join([version, *map(_mechanism, addresses), *rest])


def _mechanism(address: str) -> str:
    return f"ip{6 if ':' in address else 4}:{address}"
