"""The states of a ledger row and of a dispatch, written down once: the database's triggers, the model check and the manual's
page (`tashika states`) come from here.

`stopped` is not stored: it is `queued` in a dispatch that is stopped.
"""

from collections.abc import Iterable

from tashika.core.text import Text, t

QUEUED = "queued"
SENDING = "sending"
ACCEPTED = "accepted"
REFUSED = "refused"
IN_DOUBT = "in_doubt"
EXCLUDED = "excluded"
STOPPED = "stopped"  # derived, never stored

STATES = (QUEUED, SENDING, ACCEPTED, REFUSED, IN_DOUBT, EXCLUDED)
EXCEPTIONS = (REFUSED, IN_DOUBT, EXCLUDED)  # what an index finds among millions of accepted rows


# Who may move a row from where to where. Everything else is refused by a trigger.
MOVES: dict[tuple[str, str], Text] = {
    (QUEUED, SENDING): t("送信プロセスが引き受ける", "a sender claims it"),
    (QUEUED, EXCLUDED): t(
        "引き受けるときにもう一度判定した結果：配信停止、配信除外、削除 (G5)。または、止めたあとで送らないことを人が選んだ (G8)",
        "judged again at the claim: opted out, suppressed, deleted (G5); or a person chose after a stop not to send it (G8)",
    ),
    (SENDING, ACCEPTED): t("本文のあとのリレーの2xx応答", "the relay's 2xx after the body"),
    (SENDING, REFUSED): t(
        "宛先についての5xx応答、または期限まで断られた", "a 5xx about the recipient, or any until the dispatch gives up"
    ),
    (SENDING, QUEUED): t(
        "4xx応答、こちらの設定についての5xx応答、または確実に出ていない",
        "a 4xx, a 5xx that speaks of us, or it surely did not leave",
    ),
    (SENDING, EXCLUDED): t("この人のメールを組み立てられない", "its mail can't be built for this person"),
    (SENDING, IN_DOUBT): t(
        "本文は渡したが応答を読めなかった (G2)", "the body was handed over and no reply was read (G2)"
    ),
    (IN_DOUBT, ACCEPTED): t(
        "証拠：遅れて届いた応答、ジャーナル、リレーの記録。または人の判断",
        "evidence: the reply came late, the journal, the relay's log; or a person",
    ),
    (IN_DOUBT, REFUSED): t(
        "証拠：遅れて届いた拒否、リレーの記録。または人の判断",
        "evidence: a refusal came late, the relay's log; or a person",
    ),
    (QUEUED, ACCEPTED): t(
        "データベースを以前の状態に戻したあと、送信再開の確認でジャーナルが証明する (G13)",
        "a journal proves it at the arming, after the database was put back (G13)",
    ),
    (QUEUED, REFUSED): t(
        "データベースを以前の状態に戻したあと、送信再開の確認でジャーナルが証明する (G13)",
        "a journal proves it at the arming, after the database was put back (G13)",
    ),
    (QUEUED, IN_DOUBT): t(
        "送信再開の確認で、本文を渡したとジャーナルにある (G13)",
        "a journal says that its body was handed over, at the arming (G13)",
    ),
}

DISPATCH_MOVES: dict[tuple[str, str], Text] = {
    ("planning", "sending"): t("対象者全員が台帳に載った", "the whole audience is in the ledger"),
    ("planning", "stopped"): t("台帳を作っている間に非公開にした", "unpublished while it was being planned"),
    ("sending", "stopped"): t("非公開にした", "unpublished"),
    ("sending", "finished"): t("待っている行も手元にある行もない", "nothing is queued and nothing is in hand"),
    ("stopped", "sending"): t("人が停止を解除した (G8, G14)", "a person releases it (G8, G14)"),
    ("stopped", "planning"): t(
        "台帳ができる前に止めたものを、人が解除した", "a person releases it before it was planned"
    ),
    ("finished", "sending"): t("宛先があとから加わった（ステップメール）", "more people were added (step mails)"),
}

# What each crash leaves behind, and who puts it right. None of it sends a mail again by itself.
CRASHES: tuple[tuple[Text, Text, Text], ...] = (
    (
        t("送信プロセスの強制終了", "a sender is killed"),
        t("手元の行は sending のまま。そのジャーナルが残る", "the rows in its hands stay sending; its journal stays"),
        t(
            "同じホストの次の送信プロセス、または停止が、ジャーナルを読む：応答があればその状態、本文だけなら in_doubt、"
            "どちらもなければ queued",
            "the next sender on the host, or a stop, reads the journal: as the reply says, in_doubt where only the body is"
            " noted, queued where nothing is",
        ),
    ),
    (
        t("送信プロセスのマシンの停止", "a sender's machine crashes"),
        t(
            "手元の行は sending のまま。ジャーナルの最後の行は失われたかもしれない",
            "the rows in its hands stay sending; its journal's last lines may be lost",
        ),
        t("応答の記録がない行はすべて in_doubt", "all without a reply on record are in_doubt"),
    ),
    (
        t("送信プロセスの凍結、ネットワーク断", "a sender is frozen or cut off from the database"),
        t("手元の行は sending のまま", "the rows in its hands stay sending"),
        t(
            "許可証が切れるので自分で止まる。長く沈黙すれば、別のホストの送信プロセスが in_doubt にする",
            "its permit runs out, so it ends by itself; when it is silent for long, another host's sender makes them"
            " in_doubt",
        ),
    ),
    (
        t("データベースの停止", "the database crashes"),
        t("コミット済みのものはすべて残る", "all that was committed"),
        t(
            "送信プロセスは応答をジャーナルに書いて終わり、再接続してから自分のジャーナルを読む",
            "senders note replies in their journals, end, and read those after they have connected again",
        ),
    ),
    (
        t("台帳の作成中の停止", "planning is killed"),
        t("行はひとつもない。配信は planning のまま", "no row at all; the dispatch is still planning"),
        t("もう一度最初から作る", "it is planned again from the start"),
    ),
    (
        t("停止の途中でのWebプロセスの停止", "the web process dies between a stop's press and its answer"),
        t("停止は記録されている", "the stop is on record"),
        t("停止は効いている。もう一度押すと答えが返る", "it holds; pressing again answers"),
    ),
)


def guard(table: str, moves: Iterable[tuple[str, str]]) -> str:
    """The trigger that refuses every other move. Its condition is judged without calling a function, so that it costs
    nothing on the hot path."""
    allowed = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in moves)
    return f"""
CREATE OR REPLACE FUNCTION delivery_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% does not move from % to %', TG_ARGV[0], OLD.state, NEW.state
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER {table}_moves BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ({allowed}))
    EXECUTE FUNCTION delivery_refuse_move('a row of {table}');
"""
