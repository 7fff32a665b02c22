"""Why nothing is sent, in words. Codes are kept; people read sentences."""

from tashika.core.text import Text, t

# Of the installation, or of one host of it.
WORDS: dict[str, Text] = {
    "other_system": t("データベースが別のサーバーへ移されています", "The database is on another server"),
    "other_timeline": t(
        "データベースが別のタイムラインになりました（フェイルオーバー、または過去の時点への復元）",
        "The database is on another timeline (a failover, or a restore to a point in time)",
    ),
    "other_database": t("データベースが作り直されています", "The database was made anew"),
    "restored": t("データベースがダンプから復元されています", "The database was restored from a dump"),
    "went_back": t(
        "データベースが前の状態に戻っています。送信ホストの記録のほうが新しいためです",
        "The database was put back to an earlier state: a sending host remembers more",
    ),
    "never_armed": t(
        "送信ロックの仕組みがない版から更新されました", "It was upgraded from a version that did not know arming"
    ),
    "new": t("初めて使われる送信ホストです", "This host is new"),
    "copied": t("データフォルダが複製または復元されたものです", "Its data folder is a copy, or was restored"),
    "other_machine": t("データフォルダが別のマシンに移されています", "Its data folder is on another machine"),
    "other_folder": t("データフォルダの場所が変わりました", "Its data folder is in another place"),
    "lost": t("失われたホストとされています", "A person said that it is lost"),
    "not_first": t(
        "データベースの起動後、これよりあとまで動いていた送信ホストの連絡を待っています",
        "It waits for a host that was at work after it, and not heard of since the database started",
    ),
    "first": t("このデータベースでは許可されていません", "It is not armed in this database"),
}
_PARTS = ("other_system", "other_timeline", "other_database", "restored")


def of_place(then: str, now: str) -> list[str]:
    """Codes of what differs between two places (see `delivery_place()`), the widest alone: in another server
    everything else is another, too."""
    pairs = zip(_PARTS, then.split("/"), now.split("/"), strict=False)
    return [code for code, before, after in pairs if before != after][:1]


def in_words(codes: list[str]) -> list[Text]:
    """The sentences; an unknown code stands for itself."""
    return [WORDS.get(code, t("{c}", "{c}", c=code)) for code in codes]
