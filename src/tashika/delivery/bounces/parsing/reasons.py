"""From a code (RFC 3463) and words to a reason. Words win over a code that says nothing, and over one that many
servers misuse: a full mailbox is often told with 5.1.1, and an unknown user with 5.7.1."""

import re

from tashika.delivery.bounces.parsing.report import Reason

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")

# From top to bottom: the first that fits. Each was seen in reports; all are searched without regard to case.
_WORDS: tuple[tuple[Reason, re.Pattern[str]], ...] = tuple(
    (reason, re.compile("|".join(patterns), re.IGNORECASE))
    for reason, patterns in (
        (
            Reason.MAILBOX_FULL,
            (
                r"(?:mailbox|inbox|mail box|maildrop|folder)\b.{0,40}\b(?:full|exceeded)",
                r"over ?quota",
                r"quota (?:has been )?exceeded",
                r"exceed(?:s|ed)?\b.{0,40}\b(?:quota|local limit|storage)",
                r"insufficient (?:system |disk )?storage|out of storage",
                r"(?:メールボックス|受信箱|容量).{0,20}(?:一杯|いっぱい|満杯|超え|超過|オーバー)",
            ),
        ),
        (
            Reason.DISABLED,
            (
                r"(?:account|mailbox|user|recipient).{0,30}\b(?:disabled|inactive|suspended|expired|deactivated|locked)",
                r"no longer (?:available|active|in use|employed|valid)",
                r"(?:アカウント|メールボックス|アドレス).{0,20}(?:停止|無効|解約|休止)",
            ),
        ),
        (
            Reason.MOVED,
            (r"(?:user|recipient|address|mailbox) (?:has|have) (?:moved|changed)", r"アドレスが変更"),
        ),
        (
            Reason.UNKNOWN_USER,
            (
                r"(?:unknown|invalid|no such|nonexistent|non-existent|not a valid|not a known) "
                r"(?:local )?(?:user|recipient|mailbox|address|account|person|destination)",
                r"(?:user|recipient|mailbox|account|address|addressee|e-?mail account)\b.{0,60}\b"
                r"(?:unknown|not found|not exist|not listed|unavailable here|could ?n.t be found|wasn.t found|invalid)",
                r"no mailbox (?:here )?(?:by|with|under) that name|no mailbox by that|mailbox not available",
                r"does(?:n.t| not) (?:exist|have an? \S+ account)",
                r"destination addresses were unknown|is not our customer|recipientnotfound",
                r"(?:宛先|あて先|送信先|アドレス|ユーザー?|アカウント|受信者).{0,30}"
                r"(?:見つから(?!ないか)|見つかり|存在し|不明|ありません|間違)",
            ),
        ),
        (
            Reason.UNKNOWN_HOST,
            (
                r"host (?:or domain name )?not found|unknown host|host unknown|no such domain|domain not found",
                r"name or service not known|nxdomain|null ?mx|domain does(?:n.t| not) (?:exist|accept mail)",
                r"couldn.t find any host|unrouteable (?:mail )?(?:domain|address)|no mx ",
                r"ドメイン.{0,20}(?:見つから|見つかり|存在し)",
            ),
        ),
        (
            Reason.BLOCKED,
            (
                r"\b(?:spam|black ?list|block ?list|dnsbl|rbl|spamhaus|dmarc|spf|dkim|reputation|greylist|unsolicited)",
                r"\bblocked\b|policy (?:reasons?|violation|reject)|banned|access denied|not authori[sz]ed",
                r"administrative prohibition|unauthenticated|rejected (?:by|due to|for) (?:local )?(?:policy|filter)",
                r"迷惑メール|受信拒否|拒否設定|ブロックされ",
            ),
        ),
        (
            Reason.TOO_LARGE,
            (
                r"(?:message|mail|content|size).{0,30}(?:too (?:large|big|long)|exceed.{0,20}(?:size|limit|maximum))",
                r"サイズ.{0,20}(?:超え|大きすぎ|超過)",
            ),
        ),
        (
            Reason.EXPIRED,
            (
                r"(?:delivery|message|retry).{0,30}\b(?:expired|timed? ?out|timeout exceeded)",
                r"too (?:long|old) in (?:the )?queue|been in the queue too long|(?:could not|cannot) be delivered (?:for|after)",
            ),
        ),
        (
            Reason.ROUTING,
            (
                r"too many hops|mail (?:forwarding )?loop|loops? back to myself|routing loop",
                r"connection (?:refused|timed out|reset|lost)|network is unreachable|no route to host",
                r"service (?:temporarily )?unavailable|try again later|temporar(?:y|ily)",
            ),
        ),
    )
)
_BY_CODE: dict[str, Reason] = {
    "1.1": Reason.UNKNOWN_USER,
    "1.2": Reason.UNKNOWN_HOST,
    "1.3": Reason.UNKNOWN_USER,
    "1.6": Reason.MOVED,
    "1.10": Reason.UNKNOWN_HOST,  # RFC 7505: the domain takes no mail
    "2.1": Reason.DISABLED,
    "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.TOO_LARGE,
    "3.1": Reason.MAILBOX_FULL,
    "3.4": Reason.TOO_LARGE,
    "4.4": Reason.UNKNOWN_HOST,
    "4.7": Reason.EXPIRED,
}
_BY_SUBJECT = {"3": Reason.ROUTING, "4": Reason.ROUTING, "6": Reason.CONTENT, "7": Reason.BLOCKED}


def code_in(words: str) -> str:
    """The most telling enhanced status code in some words: the first that is not x.0.0, else the first, else none."""
    found = [one[0] for one in _CODE.finditer(words[:20_000])]
    return next((one for one in found if not one.endswith(".0.0")), found[0] if found else "")


def reason_of(code: str, words: str) -> Reason:
    """Why, by the words and the code; `unstated` where neither says. A temporary code never ends a mailbox."""
    reason = _by_words(words) or _by_code(code)
    temporary = code.startswith("4.") or (not code and re.search(r"(?<!\d)4[2-5]\d(?!\d)", words[:200]) is not None)
    if temporary and reason in (Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.DISABLED, Reason.MOVED):
        return Reason.ROUTING
    return reason


def _by_words(words: str) -> Reason | None:
    line = re.sub(r"\s+", " ", words[:4000])
    return next((reason for reason, pattern in _WORDS if pattern.search(line)), None)


def _by_code(code: str) -> Reason:
    rest = code.partition(".")[2]
    return _BY_CODE.get(rest) or _BY_SUBJECT.get(rest.partition(".")[0]) or Reason.UNSTATED
