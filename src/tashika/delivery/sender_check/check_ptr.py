"""PTR: does the address that mail leaves from have a name, and does the name lead back? Gmail refuses mail without."""

import ipaddress
from collections.abc import Iterator

from tashika.core.text import t
from tashika.delivery.sender_check.findings import OK, PROBLEM, UNKNOWN, WARNING, Finding
from tashika.delivery.sender_check.looked_at import LookedAt


def check(at: LookedAt) -> Iterator[Finding]:
    """Each outgoing address."""
    if not at.outgoing:
        yield Finding(
            "ptr", UNKNOWN,
            t("送信元IPアドレスがまだ分かりません。", "The outgoing address is not known yet."),
            t("送信サーバーを登録するか、下の欄に送信元IPアドレスを書いてください。", "Set up a relay, or give the outgoing addresses below."),
        )  # fmt: skip
    for address in at.outgoing:
        yield _address(at, address)


def _address(at: LookedAt, address: str) -> Finding:
    parsed = ipaddress.ip_address(address)
    names = at.lookup.ptr(address)
    level = PROBLEM if at.stated else WARNING
    fix = t(
        "IPアドレスの提供元（回線・クラウド・配信サービス）に、逆引きの設定を依頼してください。",
        "Ask whoever provides the address (network, cloud, mail service) to set its reverse record.",
    )
    if not names:
        return Finding(
            "ptr", level, t("{ip} に逆引き（PTR）がありません。", "{ip} has no PTR record.", ip=address), fix
        )
    for name in names:
        back = [ipaddress.ip_address(one) for one in at.lookup.addresses(name, parsed.version)]
        if parsed in back:
            words = t(
                "{ip} の逆引きは {n} で、正引きと一致します。",
                "{ip} is {n}, which leads back to it.",
                ip=address,
                n=name,
            )
            return Finding("ptr", OK, words)
    words = t("{ip} の逆引き {n} から、同じアドレスに戻れません。", "{ip} is {n}, which does not lead back to it.", ip=address, n=names[0])  # fmt: skip
    return Finding("ptr", level, words, fix, shown=tuple(names))
