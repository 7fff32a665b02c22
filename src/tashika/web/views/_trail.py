"""The audit trail in words: what was done, to what, with which details. Entries keep codes; people read sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tashika.accounts import roles
from tashika.core import clock
from tashika.core.models import AuditEntry
from tashika.core.text import Text, t
from tashika.delivery.arming import reasons

VERBS: dict[str, Text] = {
    "activate_dkim_key": t("DKIM鍵を有効にした", "Activated a DKIM key"),
    "add_contact": t("見込み顧客を登録した", "Added a contact"),
    "add_members": t("静的リストに人を加えた", "Added people to a static list"),
    "add_sending_domain": t("差出人ドメインを追加した", "Added a sending domain"),
    "archive_content": t("しまった", "Archived"),
    "archive_field": t("カスタム項目の使用を停止した", "Archived a custom field"),
    "archive_relay": t("送信サーバーをしまった", "Archived a relay"),
    "archive_sending_domain": t("差出人ドメインをしまった", "Archived a sending domain"),
    "arm": t("送信ロックを解除した", "Armed the senders"),
    "begin_bulk_tagging": t("一括タグづけを始めた", "Began tagging in bulk"),
    "begin_import": t("取り込みを始めた", "Began an import"),
    "bring_back_field": t("カスタム項目を元に戻した", "Brought back a custom field"),
    "change_bounce_settings": t("戻ってきたメールの設定を変えた", "Changed how bounces reach us"),
    "change_contact": t("見込み顧客を変更した", "Changed a contact"),
    "change_field": t("カスタム項目を変更した", "Changed a custom field"),
    "change_organisation": t("組織の情報を変更した", "Changed the organisation"),
    "change_password": t("自分のパスワードを変えた", "Changed their own password"),
    "change_relay": t("送信サーバーを変更した", "Changed a relay"),
    "change_role": t("権限を変えた", "Changed a role"),
    "change_sending_window": t("配信時間帯を変えた", "Changed the sending window"),
    "close_hook": t("配信事業者からの受け取りをやめた", "Closed a provider's webhook"),
    "compare_journals": t("送信の記録を台帳と突き合わせた", "Compared journals with the ledger"),
    "complaint": t("迷惑メール報告により配信停止にした", "Opted out after a complaint"),
    "confirm_relay": t("送信サーバーを確認した", "Confirmed a relay"),
    "correct_row": t("隔離した行を直して取り込んだ", "Corrected a quarantined row"),
    "copy_content": t("複製した", "Made a copy"),
    "create_content": t("作った", "Made"),
    "create_field": t("カスタム項目を作った", "Made a custom field"),
    "create_relay": t("送信サーバーを追加した", "Added a relay"),
    "create_tag": t("タグを作った", "Made a tag"),
    "stop_webhooks": t("Webhookを止めた", "Stopped webhooks"),
    "release_webhooks": t("止まったWebhookを送ることにした", "Released stopped webhooks"),
    "skip_webhooks": t("止まったWebhookを送らないことにした", "Chose not to send stopped webhooks"),
    "rotate_webhook_secret": t("Webhookの鍵を作り直した", "Made a new webhook secret"),
    "mail_verification": t("アドレスの確認メールを送った", "Mailed a verification link"),
    "verify_user": t("メンバーのアドレスを確認した", "Verified a member's address"),
    "unverify_user": t("メンバーのアドレスの確認を取り消した", "A member's address is verified no more"),
    "create_user": t("メンバーを追加した", "Added a member"),
    "delete_held": t("保留したメールを待ち行列から削除した", "Deleted held mails out of the relay's queue"),
    "deactivate_user": t("メンバーを無効にした", "Deactivated a member"),
    "decide_import": t("取り込みの指摘を判断した", "Decided an import's findings"),
    "delete_contact": t("見込み顧客を削除した", "Deleted a contact"),
    "delete_tag": t("タグを削除した", "Deleted a tag"),
    "disarm": t("送信ロックがかかった", "Senders were locked"),
    "discard_row": t("隔離した行を捨てた", "Discarded a quarantined row"),
    "emergency_stop": t("緊急停止した", "Stopped all sending"),
    "finish_import": t("取り込みが終わった", "Finished an import"),
    "hold_in_queue": t("送信サーバーの待ち行列でメールを保留した", "Held mails in the relay's queue"),
    "freeze": t("保全した", "Froze"),
    "give_consent": t("同意を記録した", "Recorded consent"),
    "join_companies": t("会社をまとめた", "Joined two companies"),
    "lift_freeze": t("保全を解いた", "Lifted a freeze"),
    "lift_suppression": t("配信除外リストから外した", "Took an address off the suppression list"),
    "make_api_key": t("APIキーを作った", "Made an API key"),
    "make_dkim_key": t("DKIM鍵を作った", "Made a DKIM key"),
    "make_relay_default": t("標準の送信サーバーにした", "Made a relay the default"),
    "merge_tags": t("タグを統合した", "Merged two tags"),
    "open_hook": t("配信事業者からの受け取りを始めた", "Opened a provider's webhook"),
    "opt_out": t("配信停止にした", "Opted out"),
    "pause": t("続けて断られたため、送信を見合わせた", "Paused a dispatch that was refused time and again"),
    "publish": t("公開した", "Published"),
    "enrol": t("シナリオに入れた", "Let people into a scenario"),
    "publish_again": t("もう一度公開した", "Published again"),
    "reactivate_user": t("メンバーを再び有効にした", "Reactivated a member"),
    "recompute_bounces": t("戻ってきたメールを読み直した", "Read all bounces anew"),
    "release": t("止まったメールを送ることにした", "Released stopped mails"),
    "skip": t("止まったメールを送らないことにした", "Chose not to send stopped mails"),
    "release_held": t("保留したメールを配達させた", "Released held mails"),
    "release_emergency_stop": t("緊急停止を解除した", "Released the emergency stop"),
    "remove_member": t("静的リストから人を外した", "Took somebody off a static list"),
    "rename_company": t("会社の名前を変えた", "Renamed a company"),
    "rename_tag": t("タグの名前を変えた", "Renamed a tag"),
    "reorder_fields": t("カスタム項目を並べ替えた", "Reordered the custom fields"),
    "restore_draft": t("前の内容を下書きに戻した", "Made a former state the draft again"),
    "resume": t("受け取られたため、送信を再開した", "Went on with a dispatch, as a mail was accepted"),
    "retire_dkim_key": t("DKIM鍵を引退させた", "Retired a DKIM key"),
    "revoke_api_key": t("APIキーを無効にした", "Revoked an API key"),
    "save_draft": t("下書きを保存した", "Saved a draft"),
    "set_draft_aside": t("選ばなかった内容を残した", "Kept what was not chosen"),
    "set_outgoing_addresses": t("送信元のIPアドレスを決めた", "Set the outgoing addresses"),
    "set_password": t("メンバーのパスワードを決めた", "Set a member's password"),
    "set_up_import": t("取り込みの列を決めた", "Set up an import"),
    "settle_doubts": t("不明の人を確定した", "Settled people in doubt"),
    "start_late": t("遅れて始まる配信を確かめた", "Started a late delivery"),
    "stop": t("配信を止めた", "Stopped a dispatch"),
    "suppress": t("配信除外リストに加えた", "Suppressed addresses"),
    "tag": t("タグをつけた", "Put a tag on"),
    "try_again": t("1通試すことにした", "Had one mail tried at once"),
    "undo_import": t("取り込みを元に戻した", "Undid an import"),
    "retry_failed": t("できなかった手順をもう一度試した", "Tried failed steps again"),
    "unpublish": t("非公開にした", "Unpublished"),
    "untag": t("タグを外した", "Took a tag off"),
    "upload_import": t("ファイルを読み込んだ", "Uploaded a file"),
}

# What an entry is about: the word for it and where its page is.
SUBJECTS: dict[str, tuple[Text, str]] = {
    "api_key": (t("APIキー", "API key"), "/settings/api-keys"),
    "company": (t("会社", "company"), "/companies/{key}"),
    "contact": (t("見込み顧客", "contact"), "/contacts/{key}"),
    "dispatch": (t("配信", "dispatch"), "/dispatches/{key}"),
    "dkim_key": (t("DKIM鍵", "DKIM key"), "/settings/sending-domains"),
    "field": (t("カスタム項目", "custom field"), "/fields/{key}"),
    "import": (t("取り込み", "import"), "/imports/{key}"),
    "relay": (t("送信サーバー", "relay"), "/settings/relays/{key}"),
    "sending_domain": (t("差出人ドメイン", "sending domain"), "/settings/sending-domains"),
    "tag": (t("タグ", "tag"), "/tags/{key}"),
    "user": (t("メンバー", "member"), "/settings/people"),
    "all": (t("すべての送信", "all sending"), ""),
    "bounces": (t("戻ってきたメール", "bounces"), "/bounces"),
    "host": (t("送信ホスト", "sending host"), ""),
    "installation": (t("送信ロック", "arming"), "/arming"),
    "fields": (t("カスタム項目", "custom fields"), "/fields"),
    "organisation": (t("組織", "organisation"), "/settings/organisation"),
    "sending_window": (t("配信時間帯", "sending window"), "/settings/sending-window"),
    "suppression": (t("配信除外リスト", "suppression list"), "/suppression"),
}
_CONTENTS: dict[str, tuple[Text, str]] = {
    "S": (t("シナリオ", "scenario"), "/scenarios/{key}"),
    "G": (t("セグメント", "segment"), "/segments/{key}"),
    "M": (t("メール", "mail"), "/mails/{key}"),
    "L": (t("ランディングページ", "landing page"), "/landing-pages/{key}"),
    "F": (t("フォーム", "form"), "/forms/{key}"),
    "D": (t("資料", "document"), "/documents/{key}"),
}
_DETAILS: dict[str, Text] = {
    "added": t("加えた人数", "added"),
    "accepted": t("送信済み", "accepted"),
    "addresses": t("アドレスの数", "addresses"),
    "algorithm": t("方式", "algorithm"),
    "arrived": t("届いた", "arrived"),
    "begins": t("始まり", "from"),
    "carrier_pace": t("受信側ごとの上限", "limits by receiving side"),
    "choice": t("選択", "choice"),
    "company": t("会社", "company"),
    "consent": t("同意", "consent"),
    "contacts": t("人数", "contacts"),
    "created": t("新規", "created"),
    "domain": t("ドメイン", "domain"),
    "evidence": t("証拠", "evidence"),
    "credit_seconds": t("先渡し（秒）", "seconds ahead"),
    "days": t("曜日", "days"),
    "ends": t("終わり", "until"),
    "fields": t("項目", "fields"),
    "from": t("前", "from"),
    "ground": t("根拠", "ground"),
    "handed_over": t("渡したメール", "handed over"),
    "held": t("保留", "held"),
    "holidays": t("祝日", "holidays"),
    "host": t("ホスト", "host"),
    "hosts": t("ホスト", "hosts"),
    "in_doubt": t("不明", "in doubt"),
    "incident": t("事案", "incident"),
    "into": t("統合先", "into"),
    "journals": t("記録の数", "journals"),
    "kept": t("残した版", "kept as version"),
    "kept_back": t("保留のまま", "kept back"),
    "leaving": t("出るメール（配信ごと）", "would leave, by dispatch"),
    "left": t("待ち行列を出ていた", "had left"),
    "lost": t("失われたホスト", "lost hosts"),
    "limited": t("時間帯を限る", "limited"),
    "mapping": t("列", "columns"),
    "masked": t("アドレス", "address"),
    "name": t("名前", "name"),
    "not_sent": t("送らないメール", "not sent"),
    "not_arrived": t("届かなかった", "did not arrive"),
    "on_this_host": t("このサーバーのPostfix", "the Postfix of this host"),
    "options": t("取り込み方", "options"),
    "people": t("人数", "people"),
    "per_hour": t("1時間の上限", "per hour"),
    "place": t("データベースの場所", "the database's place"),
    "port": t("ポート", "port"),
    "quarantined": t("隔離", "quarantined"),
    "reason": t("理由", "reason"),
    "reply": t("相手の返事", "reply"),
    "revision": t("改訂", "revision"),
    "role": t("権限", "role"),
    "row": t("行", "row"),
    "rows": t("台帳の行", "ledger rows"),
    "security": t("暗号化", "security"),
    "selector": t("セレクター", "selector"),
    "send_at": t("送信の時刻", "to be sent"),
    "size": t("大きさ（バイト）", "bytes"),
    "skipped": t("変更なし", "skipped"),
    "stop": t("停止の番号", "stop"),
    "stopped": t("停止", "stopped"),
    "to": t("後", "to"),
    "unmatched": t("台帳にないメール", "without a row"),
    "updated": t("更新", "updated"),
    "version": t("版", "version"),
    "way": t("方法", "way"),
    "why": t("理由", "reason"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it."""

    entry: AuditEntry
    what: Text | str
    about: str
    link: str
    details: list[tuple[Text | str, str]]


def line_of(entry: AuditEntry) -> Line:
    """An entry in words; a code without words is shown as it is."""
    about, link = _about(entry.subject)
    return Line(entry, VERBS.get(entry.verb, entry.verb), about, link, list(_details(entry.detail)))


def _about(subject: str) -> tuple[str, str]:
    kind, _, key = subject.partition(":")
    if kind in SUBJECTS:
        words, link = SUBJECTS[kind]
        return f"{words} {key}".strip(), link.format(key=key)
    if (letter := subject.partition("-")[0]) in _CONTENTS:
        words, link = _CONTENTS[letter]
        return f"{words} {subject}", link.format(key=subject)
    return subject, ""


def _details(detail: dict[str, Any]) -> Iterator[tuple[Text | str, str]]:
    """What says something: neither empty nor a fingerprint. Lists and tables in a line."""
    for key, value in detail.items():
        if value in (None, "", [], {}) or key in ("sha256", "bill"):
            continue
        yield _DETAILS.get(key, key), _READERS.get(key, _in_a_line)(value)


def _in_a_line(value: Any) -> str:
    if isinstance(value, bool):
        return str(t("はい", "yes") if value else t("いいえ", "no"))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_in_a_line(one)}" for key, one in value.items() if one not in (None, "", [], {}))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value if one)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _role(value: Any) -> str:
    return str(roles.NAMES.get(value, value))


def _moment(value: Any) -> str:
    """A moment as it was recorded, in ISO 8601."""
    return clock.in_words(datetime.fromisoformat(value))


def _why_not_armed(value: Any) -> str:
    return "; ".join(str(words) for words in reasons.in_words(value)) if isinstance(value, list) else str(value)


_READERS = {"role": _role, "send_at": _moment, "why": _why_not_armed}
