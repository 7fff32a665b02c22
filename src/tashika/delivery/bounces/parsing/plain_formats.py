"""Bounces in plain text: the formats of mail systems that do not write RFC 3464, Japanese carriers and hosts among them.

One table, made from observation. A format is recognised by words that only it uses; then it says where the addresses
and the diagnostic words stand. A format that is not in the table is not guessed at.
"""

import re
from dataclasses import dataclass

from tashika.delivery.bounces.parsing import reasons
from tashika.delivery.bounces.parsing.addresses import addresses
from tashika.delivery.bounces.parsing.automatic import from_daemon, from_nobody
from tashika.delivery.bounces.parsing.parts import Message
from tashika.delivery.bounces.parsing.report import KIND_OF_REASON, Kind, Report

_LIMIT = 20_000  # characters: all formats say what they have to say at the beginning


@dataclass(frozen=True, slots=True)
class Format:
    """One format: what it is known by, where its addresses stand, where the returned mail begins."""

    name: str
    mark: re.Pattern[str]
    recipient: re.Pattern[str] | None = None
    end: re.Pattern[str] | None = None
    delayed: re.Pattern[str] | None = None  # by these words it is a warning, not a failure


def _p(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


_ANGLE = _p(r"^[ \t]*<([^<>\s]{1,64}@[^<>\s]{1,254})>")
_ALONE = _p(r"^[ \t>]*<?([^<>\s:]{1,64}@[^<>\s:]{1,190})>?:?[ \t]*(?:<<<)?[ \t]*$")
_HEADER = _p(r"^(?:Return-Path|Received|Message-ID): ")  # the returned mail's
_END = _p(r"^[ \t]*-{2,}.{0,40}(?:original|below|copy|transcript of mail|returned|オリジナル|元のメ).{0,60}$")

FORMATS: tuple[Format, ...] = (
    Format(
        "qmail", _p(r"^Hi\. This is the .{0,40}(?:qmail-send|send) program at "), _ANGLE, _p(r"^--- (?:Below|Enclosed)")
    ),
    Format(
        "postfix",
        _p(r"^This is the (?:Postfix program|mail system) at host |^これは、?ホスト .{1,200} のメールシステム"),
        _ANGLE,
        _p(r"^Reporting-MTA:|^Received: "),
        _p(r"THIS IS A WARNING ONLY|could not be delivered for more than"),
    ),
    Format(
        "exim",
        _p(r"^This message was created automatically by (?:the )?mail delivery software"),
        _p(r"^  ([^<>\s]{1,64}@[^<>\s]{1,190})"),
        _p(r"^-{4,}.{0,10}(?:This is a copy|The body)|^-{4,}\s*$"),
        _p(r"has not (?:yet )?been delivered to (?:one or more|all) of its recipients after"),
    ),
    Format(
        "biglobe",
        _p(r"^[ \t]*-+ The following addresses had delivery problems -+"),
        _ALONE,
        _p(r"^[ \t]*-+ (?:Original|Message header)"),
    ),
    Format(
        "activehunter",
        _p(r"^[ \t]*-+ The following addresses had permanent (?:fatal )?errors -+\s+>>> "),
        _p(r">>>[ \t]*([^<>\s]{1,64}@[^<>\s]{1,254})[ \t]*<<<"),
        _p(r"^[ \t]*-+ (?:original|returned)"),
    ),
    Format(
        "sendmail",
        _p(r"^[ \t]*-+ The following addresses had (?:permanent fatal|transient non-fatal|delivery) "),
        _ANGLE,
        _p(r"^[ \t]*-+ (?:Original message|Message header)"),
        _p(r"THIS IS A WARNING MESSAGE ONLY|Warning: could not send message for past"),
    ),
    Format(
        "ezweb",
        _p(
            r"^Each of the following recipients was rejected by a remote mail server|"
            r"^The user\(s\) account is (?:disabled|temporarily)|^The following recipients did not receive your message:"
        ),
        _p(r"(?:Recipient:|RCPT TO:|^)[ \t]*<([^<>\s]{1,64}@[^<>\s]{1,254})>"),
        _p(r"^[ \t]*-+ ?(?:Original|Returned)"),
    ),
    Format(
        "kddi",
        _p(r"^Your mail (?:sent on|attempted to be delivered on):"),
        _ALONE,
        _p(r"^[ \t]*-+ ?(?:Original|Returned)"),
    ),
    Format(
        "docomo",
        _p(
            r"^[ \t]*Unknown user:?[ \t]*[^\s@]{1,64}@docomo\.ne\.jp|次のあて先へのメッセージはエラーのため送信できませんでした"
        ),
        _p(r"([^\s<>:()「」]{1,64}@[a-z0-9.-]{1,190})"),
        _p(r"^[ \t]*-{3,}"),
    ),
    Format(
        "softbank",
        _p(
            r"^(?:This Message was undeliverable due to the following reason|以下の理由により.{0,20}配信できませんでした)"
        ),
        _p(r"(?:SMTP|宛先[:：])[ \t]*<([^<>\s]{1,64}@[^<>\s]{1,254})>"),
        _END,
    ),
    Format(
        "yahoo_japan",
        _p(r"^Message from\s{1,4}(?:\S{0,60}\.)?yahoo\.(?:co\.jp|com)\.?\s"),
        _ANGLE,
        _p(r"^-{3,} ?(?:Original|Below)"),
    ),
    Format(
        "gmail",
        _p(
            r"^(?:Delivery to the following recipient failed permanently|Address not found|Message (?:not delivered|blocked)"
            r"|\*{2} ?(?:アドレスが見つかりません|メールはブロックされました|Address not found|Message blocked)"
            r"|Your message wasn't delivered to |受信トレイがいっぱいです)"
        ),
        _p(r"([^\s<>*()「」]{1,64}@[a-z0-9.-]{1,190}[a-z0-9])"),
        _p(r"^-{3,} ?(?:Original|Forwarded)"),
    ),
    Format(
        "exchange",
        _p(
            r"^(?:Your message (?:did not reach some or all|to .{3,200} could(?:n't| not) be delivered)"
            r"|Delivery has failed to these recipients"
            r"|次の受信者またはグループへの配信に失敗しました"
            r"|.{0,40}(?:宛先|受信者)の(?:一部または全員|全員または一部)に(?:配信|到達))"
        ),
        _p(r"([^\s<>'()「」:;]{1,64}@[a-z0-9.-]{1,190}[a-z0-9])"),
        _p(r"^(?:Original message headers|元のメッセージ ?の? ?ヘッダー|Diagnostic information for admin)"),
    ),
    Format(
        "x6",
        _p(r"^(?:We had trouble delivering your message|We were unable to deliver your message)"),
        _p(r"rejected recipient <([^<>\s]{1,64}@[^<>\s]{1,254})>"),
        _END,
    ),
    Format(
        "interscan",
        _p(r"^Sent <<< RCPT TO:"),
        _p(r"RCPT TO:[ \t]*<([^<>\s]{1,64}@[^<>\s]{1,254})>"),
        _p(r"^Unable to deliver message to|^\*{5,}"),
    ),
    Format(
        "mailsystem_ja",
        _p(r"^(?:以下の|次の)(?:メール)?(?:アドレス|宛先|あて先).{0,20}(?:送信|配送|配信)(?:に失敗|できません|エラー)"),
        _p(r"([^\s<>*()「」【】:]{1,64}@[a-z0-9.-]{1,190}[a-z0-9])"),
        _END,
    ),
)


def read(message: Message) -> Report | None:
    """A bounce in one of the table's formats. Only a mail system's word counts: a person may quote a bounce."""
    if not from_daemon(message) and not from_nobody(message):
        return None
    text = message.text[:_LIMIT]
    for one in FORMATS:
        mark = one.mark.search(text)
        if mark:
            return _report(one, message, text[mark.start() :])
    return None


def _report(one: Format, message: Message, text: str) -> Report:
    ends = [end.start() for pattern in (one.end, _HEADER) if pattern and (end := pattern.search(text, 1))]
    said = text[: min(ends, default=len(text))]
    found = addresses(one.recipient.findall(said)) if one.recipient else []
    recipients = tuple(dict.fromkeys([*addresses(message.fields.every("x-failed-recipients")), *found]))
    words = _diagnostic(said, found[0] if found else "")
    code = reasons.code_in(words)
    if one.delayed and one.delayed.search(text):
        return Report(Kind.DELAYED, "", code, words, recipients, one.name)
    reason = reasons.reason_of(code, words)
    return Report(KIND_OF_REASON[reason], reason, code, words, recipients, one.name)


def _diagnostic(said: str, recipient: str) -> str:
    """What is said of the recipient: from its address on; the whole where that says nothing."""
    at = said.find(recipient) if recipient else -1
    after = re.sub(r"\s+", " ", said[at + len(recipient) :]).strip(" <>:-*") if at >= 0 else ""
    whole = re.sub(r"\s+", " ", said).strip()
    return (after if len(after) >= 12 else whole)[:500]
