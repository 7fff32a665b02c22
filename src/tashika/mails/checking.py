"""What is wrong with a mail, part by part, with the place. Pure.

Saving a mail with problems is allowed, sending it is not.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tashika.core.text import Text, t
from tashika.mails import mjml
from tashika.mails.header_fields import UnableToWriteHeader, address_spec, one_line
from tashika.mails.html_part import OPT_OUT, TRACKABLE, UNTOUCHED, hrefs
from tashika.mails.merging import LIQUID, MergeTemplate, flaws, names_in, place

PARTS: dict[str, Text] = {
    "subject": t("件名", "Subject"),
    "preheader": t("プリヘッダー", "Preheader"),
    "from_name": t("差出人名", "Sender's name"),
    "from_email": t("差出人アドレス", "Sender's address"),
    "reply_to": t("返信先", "Reply-To"),
    "mjml": t("MJML", "MJML"),
    "html": t("HTML", "HTML"),
    "text": t("テキスト", "Text"),
    "category": t("種別", "Category"),
}
_IN_SALUTATIONS = frozenset({"contact.family_name", "contact.given_name", "contact.owner_name"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ue000\ue001\ud800-\udfff]")
_ACTIVE = re.compile(r"<(script|iframe|object|embed|form|applet|base)\b|\son[a-z]+\s*=\s*[\"']", re.I)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in which part, where (line and column from 1), and what to do. A warning does not block."""

    part: str
    what: Text | str
    fix: Text | str
    line: int = 1
    column: int = 1
    severity: str = "error"

    @property
    def where(self) -> str:
        """The place in words."""
        label = PARTS.get(self.part, self.part)
        return str(
            t(
                "{part} {line}行{column}文字目",
                "{part}, line {line}, column {column}",
                part=label,
                line=self.line,
                column=self.column,
            )
        )


def problems(body: Mapping[str, Any], *, known: Collection[str] | None = None) -> list[Problem]:
    """Everything wrong with a mail's body. `known` are the names of all merge fields, custom ones included."""
    body_format = body.get("format", "mjml")
    if body_format not in ("mjml", "html", "text"):
        return [Problem("category", t("形式が正しくありません。", "The format is not valid."), "")]
    found = [*_headers(body, known)]
    if body_format != "text":
        found += _markup(body, str(body_format), known)
    if body_format == "text" or not body.get("text_auto", True):
        found += _source(body, "text", known, html=False)
    if body.get("category", "commercial") not in ("commercial", "operational"):
        found.append(Problem("category", t("種別が正しくありません。", "The category is not valid."), ""))
    return found


def errors(body: Mapping[str, Any], *, known: Collection[str] | None = None) -> list[Problem]:
    """The problems that block."""
    return [problem for problem in problems(body, known=known) if problem.severity == "error"]


def _headers(body: Mapping[str, Any], known: Collection[str] | None) -> Iterator[Problem]:
    subject = str(body.get("subject") or "")
    if not subject.strip():
        yield Problem("subject", t("件名がありません。", "There is no subject."), t("入力してください。", "Enter one."))
    for part in ("subject", "preheader"):
        text = str(body.get(part) or "")
        if part == "subject" and one_line(text) != text.strip(" "):
            yield Problem(
                part,
                t("改行や制御文字が含まれています。", "It holds a line break or control character."),
                t("取り除いてください。", "Remove it."),
            )
        yield from _source(body, part, known, html=False, required=False)
    yield from _sender(body)


def _sender(body: Mapping[str, Any]) -> Iterator[Problem]:
    for part, required in (("from_email", True), ("reply_to", False)):
        text = str(body.get(part) or "").strip()
        if not text:
            if required:
                yield Problem(
                    part,
                    t("差出人アドレスがありません。", "There is no sender's address."),
                    t("入力してください。", "Enter one."),
                )
            continue
        try:
            address_spec(text)
        except UnableToWriteHeader:
            yield Problem(
                part,
                t("メールアドレスとして正しくありません。", "This is not a valid address."),
                t("name@example.jp の形で1つだけ入力してください。", "Enter one address such as name@example.jp."),
            )
    name = str(body.get("from_name") or "")
    if one_line(name) != name.strip(" "):
        yield Problem(
            "from_name",
            t("改行や制御文字が含まれています。", "It holds a line break or control character."),
            t("取り除いてください。", "Remove it."),
        )
    if "{{" in name or "{%" in name:
        yield Problem(
            "from_name",
            t("差出人名に差し込みは使えません。", "The sender's name takes no merge fields."),
            t("決まった名前を入力してください。", "Enter a fixed name."),
        )


def _source(
    body: Mapping[str, Any], part: str, known: Collection[str] | None, *, html: bool, required: bool = True
) -> Iterator[Problem]:
    source = str(body.get(part) or "")
    if required and not source.strip():
        yield Problem(part, t("本文がありません。", "There is no body."), t("入力してください。", "Write one."))
        return
    match = _CONTROL.search(source)
    if match:
        yield _problem(
            part,
            source,
            match.start(),
            t("制御文字が含まれています。", "It holds a control character."),
            t("取り除いてください。", "Remove it."),
        )
        return
    found = flaws(source, known=known, html=html)
    for flaw in found:
        yield Problem(part, flaw.what, flaw.fix, flaw.line, flaw.column)
    if found:
        return
    if part == "subject" and "opt_out_url" in names_in(source):
        yield Problem(part, t("件名に配信停止のURLは入れられません。", "The subject can't hold the opt-out URL."), "")
    yield from _without_fallback(part, source)


def _without_fallback(part: str, source: str) -> Iterator[Problem]:
    """Warns of names that may be empty and have neither a fallback nor a condition over them."""
    uses = MergeTemplate(source, html=False).uses()
    asked = {use.name for use in uses if source.rfind("{%", 0, use.start) > source.rfind("{{", 0, use.start)}
    for use in uses:
        if use.name in _IN_SALUTATIONS and not use.has_fallback and use.name not in asked:
            what = t("{name} が空の人には空白になります。", "{name} is blank for people who have none.", name=use.name)
            fix = t(
                '既定値を付けてください: {{{{ {name} | default: "ご担当者" }}}}',
                'Give it a fallback: {{{{ {name} | default: "…" }}}}',
                name=use.name,
            )
            yield Problem(part, what, fix, *place(source, use.start), severity="warning")


def _markup(body: Mapping[str, Any], part: str, known: Collection[str] | None) -> list[Problem]:
    source = str(body.get(part) or "")
    found = list(_source(body, part, known, html=True))
    if part == "mjml" and source.strip():
        rest = [Problem(part, flaw.what, flaw.fix, flaw.line, flaw.column) for flaw in mjml.flaws(source)]
        if not rest and not any(problem.severity == "error" for problem in found):
            try:
                mjml.render(source)
            except mjml.UnableToRender as error:
                rest = [Problem(part, flaw.what, flaw.fix, flaw.line, flaw.column) for flaw in error.flaws]
        found += rest
    found += _links(part, source)
    masked = LIQUID.sub(lambda match: " " * len(match[0]), source)
    for match in _ACTIVE.finditer(masked):
        found.append(
            _problem(
                part,
                source,
                match.start(),
                t("{what} はメールでは動きません。", "{what} does not work in mail.", what=match[0].strip(" <=\"'")),
                t("取り除いてください。", "Remove it."),
            )
        )
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _links(part: str, source: str) -> Iterator[Problem]:
    for target, offset in hrefs(source):
        if OPT_OUT.fullmatch(target) or UNTOUCHED.fullmatch(target):
            continue
        if TRACKABLE.fullmatch(target) and "{" not in target.split("//", 1)[1].split("/", 1)[0].split("?", 1)[0]:
            continue
        if target.lower().startswith(("javascript:", "data:", "vbscript:")):
            what = t("この種のリンクは使えません。", "Links of this kind can't be used.")
        elif LIQUID.match(target) or re.match(r"https?://[^/?#]*\{", target):
            what = t(
                "リンク先のサイトを差し込みで決めることはできません。",
                "A merge field can't decide which site a link leads to.",
            )
        else:
            what = t("リンク先が正しくありません。", "This link leads nowhere.")
        fix = t("https:// から始まるURLを入力してください。", "Enter a URL that begins with https://.")
        yield _problem(part, source, offset, what, fix)


def _problem(part: str, source: str, offset: int, what: Text, fix: Text) -> Problem:
    return Problem(part, what, fix, *place(source, offset))
