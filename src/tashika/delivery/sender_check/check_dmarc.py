"""DMARC: what receivers do with mail that only claims to come from us, and whether ours passes (RFC 9989)."""

from collections.abc import Iterator

from tashika.core.text import t
from tashika.delivery.sender_check import dmarc
from tashika.delivery.sender_check.findings import OK, PROBLEM, WARNING, Finding, Record
from tashika.delivery.sender_check.looked_at import LookedAt


def check(at: LookedAt) -> Iterator[Finding]:
    """The policy, then whether the return path counts as the same sender."""
    found = dmarc.walk(at.domain, at.lookup)
    for name in found.several:
        yield Finding(
            "dmarc", PROBLEM,
            t("_dmarc.{d} にDMARCレコードが複数あり、どれも無効になります。", "_dmarc.{d} has several DMARC records, so none counts.", d=name),
            t("1つだけ残してください。", "Leave one."),
        )  # fmt: skip
    if found.policy is None:
        if not found.several:
            yield _missing(at)
        return
    yield _policy(at, found.policy)
    if "rua" not in found.policy.tags:
        yield Finding(
            "dmarc", WARNING, t("集計レポートの宛先がありません。", "There is nowhere for reports to go."),
            t("rua=mailto:… を加えると、なりすましや設定漏れに気づけます。", "With rua=mailto:… you hear of forgeries and of gaps."), shown=_shown(found.policy),
        )  # fmt: skip
    yield from _alignment(at, found.policy)


def _missing(at: LookedAt) -> Finding:
    value = f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{at.domain}"
    return Finding(
        "dmarc", PROBLEM,
        t("DMARCレコードがありません。Gmail などは大量送信に必須としています。", "There is no DMARC record; Gmail and others require one of bulk senders."),
        t("次のTXTレコードを追加してください。rua の宛先は受信できるアドレスに変えます。", "Add this TXT record, with an address under rua that you can read."),
        Record(f"_dmarc.{at.domain}", "TXT", value),
    )  # fmt: skip


def _policy(at: LookedAt, policy: dmarc.Policy) -> Finding:
    asked, shown = policy.asked(at.domain), _shown(policy)
    if asked == "none":
        return Finding(
            "dmarc", WARNING,
            t("ポリシーは none です。なりすましメールもそのまま届きます。", "The policy is none: forged mail is delivered all the same."),
            t("SPFとDKIMが続けて合格していれば、quarantine、次に reject へ進めてください。", "Once SPF and DKIM keep passing, go on to quarantine, then reject."), shown=shown,
        )  # fmt: skip
    words = t("ポリシーは {p} です（{d}）。", "The policy is {p} (at {d}).", p=asked, d=policy.name)
    return Finding("dmarc", OK, words, shown=shown)


def _alignment(at: LookedAt, policy: dmarc.Policy) -> Iterator[Finding]:
    if dmarc.aligned(at.domain, at.return_path, strict=policy.strict("aspf"), lookup=at.lookup):
        words = t(
            "返送先（Return-Path）と差出人のドメインが揃っています。", "Return path and From count as one sender."
        )
        yield Finding("dmarc", OK, words)
        return
    signed = any(key.active for key in at.keys)
    yield Finding(
        "dmarc", WARNING if signed else PROBLEM,
        t("返送先のドメイン {d} は差出人と揃っていません。", "The return path's domain {d} does not align with From.", d=at.return_path),
        t("DKIM署名だけがDMARCの合格を支えます。署名を止めないでください。", "Only the DKIM signature carries DMARC: keep signing."),
    )  # fmt: skip


def _shown(policy: dmarc.Policy) -> tuple[str, ...]:
    return ("; ".join(f"{name}={value}" for name, value in policy.tags.items()),)
