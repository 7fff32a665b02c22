"""One-click opt-out (RFC 8058): does our own public address answer over HTTPS, as mailbox providers will ask it?

The only address asked is `base_url`, the installation's own. The answer proves itself (`core.reachable`).
"""

import http.client
import secrets
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from tashika.core import reachable
from tashika.core.text import Text, t
from tashika.delivery.sender_check.findings import OK, PROBLEM, Finding
from tashika.delivery.sender_check.looked_at import LookedAt

_SECONDS = 4.0


def check(at: LookedAt) -> Iterator[Finding]:
    """Post to our own address as one click does."""
    if urlsplit(at.base_url).scheme != "https":
        yield Finding(
            "one_click", PROBLEM,
            t("base_url が https ではありません（{u}）。ワンクリックの配信停止が使えません。", "base_url is not https ({u}): one-click opt-out can't be used.", u=at.base_url),
            t("TASHIKA_BASE_URL に、受信者から開ける https のアドレスを設定してください。", "Set TASHIKA_BASE_URL to an https address that recipients can reach."),
        )  # fmt: skip
        return
    yield _asked(at.base_url)


def _asked(base_url: str) -> Finding:
    nonce = secrets.token_urlsafe(16)
    try:
        status, body = _post(base_url, f"/u/reachable/{nonce}")
    except ssl.SSLCertVerificationError as error:
        return _problem(
            t("TLS証明書を検証できません: {why}", "Its TLS certificate can't be verified: {why}", why=error.verify_message),
            t("有効な証明書を設定してください。", "Give it a valid certificate."),
        )  # fmt: skip
    except (OSError, http.client.HTTPException):
        return _problem(
            t("{u} に接続できません。", "{u} can't be reached.", u=base_url),
            t("DNS・ファイアウォール・リバースプロキシを確かめてください。このサーバーの外からは開ける場合もあります。", "Look at DNS, firewall and reverse proxy. It may still be reachable from outside."),
        )  # fmt: skip
    if status // 100 == 3:
        return _problem(
            t("別のアドレスへ転送されます。ワンクリックの配信停止では転送が禁じられています。", "It redirects, which one-click opt-out forbids (RFC 8058)."),
            t("転送先のアドレスを TASHIKA_BASE_URL に設定してください。", "Set TASHIKA_BASE_URL to where it redirects."),
        )  # fmt: skip
    if status != 200 or body != reachable.answer(nonce):
        return _problem(
            t("{u} で答えたのは、この Tashika ではありません（{s}）。", "What answers at {u} is not this Tashika ({s}).", u=base_url, s=status),
            t("リバースプロキシが POST /u/… を Tashika に渡しているか確かめてください。", "See that the reverse proxy hands POST /u/… to Tashika."),
        )  # fmt: skip
    return Finding(
        "one_click",
        OK,
        t("{u} でワンクリックの配信停止を受け付けています。", "{u} takes one-click opt-outs.", u=base_url),
    )


def _post(base_url: str, path: str) -> tuple[int, str]:
    """The status and the first bytes of the answer; no redirect is followed. Raises OSError, HTTPException."""
    parts = urlsplit(base_url)
    trust = ssl.create_default_context()
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=_SECONDS, context=trust)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", parts.path + path, "List-Unsubscribe=One-Click", headers)
        response = connection.getresponse()
        return response.status, response.read(200).decode("ascii", "replace")
    finally:
        connection.close()


def _problem(what: Text, fix: Text) -> Finding:
    return Finding("one_click", PROBLEM, what, fix)
