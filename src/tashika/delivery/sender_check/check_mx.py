"""MX: can bounces come back, and does the From domain exist for mail (docomo asks for A or MX)?"""

from collections.abc import Iterator

from tashika.core.text import t
from tashika.delivery.sender_check.findings import OK, PROBLEM, WARNING, Finding, Record
from tashika.delivery.sender_check.looked_at import LookedAt


def check(at: LookedAt) -> Iterator[Finding]:
    """The From domain, and the return path's where it is another."""
    for name in dict.fromkeys((at.domain, at.return_path)):
        yield _domain(at, name)


def _domain(at: LookedAt, name: str) -> Finding:
    exchangers = at.lookup.mx(name)
    if "" in exchangers:
        return Finding(
            "mx", PROBLEM,
            t("{d} はメールを受け取らないと宣言しています（Null MX）。", "{d} says that it takes no mail (null MX).", d=name),
            t("返信やバウンスを受け取れるMXに直してください。", "Give it an MX that takes replies and bounces."), shown=("0 .",),
        )  # fmt: skip
    if not exchangers:
        return _without(at, name)
    alive = [one for one in exchangers if at.lookup.addresses(one, 4) or at.lookup.addresses(one, 6)]
    if not alive:
        return Finding(
            "mx", PROBLEM,
            t("{d} のMXの指すホストが存在しません。", "The hosts in the MX of {d} don't exist.", d=name),
            t("MXレコードを直してください。", "Mend the MX record."), shown=tuple(exchangers),
        )  # fmt: skip
    words = t(
        "{d} あてのメール（返信・バウンス）を {h} が受け取ります。",
        "{h} takes replies and bounces for {d}.",
        d=name,
        h=alive[0],
    )
    return Finding("mx", OK, words, shown=tuple(exchangers))


def _without(at: LookedAt, name: str) -> Finding:
    record = Record(name, "MX", f"10 mx.{name}.")
    fix = t("返信とバウンスを受け取るサーバーをMXに書いてください。", "Name the server that takes replies and bounces.")
    if at.lookup.addresses(name, 4) or at.lookup.addresses(name, 6):
        words = t("{d} にMXがありません。同じ名前のホストが受信する場合だけ届きます。", "{d} has no MX: mail comes in only if the host of that name takes it.", d=name)  # fmt: skip
        return Finding("mx", WARNING, words, fix, record)
    words = t("{d} にはMXもAもありません。返信もバウンスも届かず、携帯キャリアが受信を断ることがあります。", "{d} has neither MX nor A: no reply or bounce comes in, and carriers may refuse its mail.", d=name)  # fmt: skip
    return Finding("mx", PROBLEM, words, fix, record)
