"""`tashika arm`: why nothing is sent, what would leave, and the word that it may."""

import argparse
from typing import Any

HELP = "say why senders are locked, and let them go on (after a restore, a clone or a failover)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--yes", action="store_true", help="do not ask; needs --reason")
    parser.add_argument("--reason", default="", help="why it may go on: kept on record")
    parser.add_argument("--host", action="append", default=[], help="a waiting host that may send: its name or id")
    parser.add_argument("--lost", action="append", default=[], help="a host whose journals nobody will bring")
    parser.add_argument("--show", action="store_true", help="show what is known and change nothing; 1 if it is locked")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Show, ask, arm. Status 1 where nothing may be sent, with --show, or where the person says no."""
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.delivery.arming import deciding

    _look_here()
    here = deciding.situation(now=clock.now())
    leaving = deciding.leaving()
    if arguments.json:
        acting.show(_values(here, leaving), as_json=True)
    else:
        _print(here, leaving)
    if arguments.show or here.is_fine:
        return 0 if here.is_fine else 1
    number = sum(one.number for one in leaving if one.state != "stopped")
    question = t("送信ロックを解除しますか（{n}通が出ます）", "Arm it? {n} mails would leave.", n=f"{number:,}")
    if not acting.agreed(question, yes=arguments.yes):
        return 1
    lost = _ids(arguments.lost, here)
    hosts = _ids(arguments.host, here) or _usual(here, lost)
    reason = arguments.reason or ("" if arguments.yes else _ask_reason())
    deciding.arm(by=acting.person(), hosts=hosts, lost=lost, reason=reason, now=clock.now())
    if not arguments.json:
        print(t("送信ロックを解除しました。", "Armed."))
    return 0


def _look_here() -> None:
    """Where a sender works from this data folder but does not run, its journals are compared by us."""
    from tashika.core import clock, config
    from tashika.delivery.arming import looking

    if (config.data_folder() / "arming").is_dir() or (config.data_folder() / "journals").is_dir():
        looking.look(data=config.data_folder(), now=clock.now())


def _usual(here: Any, lost: list[Any]) -> list[Any]:
    """Which waiting hosts are meant where nobody names one: all, unless hosts that were armed before suffice."""
    remain = [one for one in here.hosts if one.armed and one.id not in lost]
    return [] if remain and not here.armed else [one.id for one in here.waiting]


def _ids(names: list[str], here: Any) -> list[Any]:
    from tashika.core.errors import TashikaError
    from tashika.core.text import t

    found = []
    for name in names:
        hosts = [one for one in here.hosts if name in (one.name, str(one.id)) or str(one.id).startswith(name)]
        if len(hosts) != 1:
            raise TashikaError(
                t("「{n}」というホストは {k} 件あります。", "“{n}” names {k} hosts.", n=name, k=len(hosts)),
                fix=t("tashika arm --show の ID で指定してください。", "Name it by its id, see `tashika arm --show`."),
            )
        found.append(hosts[0].id)
    return found


def _ask_reason() -> str:
    import sys

    from tashika.core.text import t

    print(f"{t('理由', 'Reason')}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _print(here: Any, leaving: list[Any]) -> None:
    from tashika.core import clock
    from tashika.core.text import t

    if here.is_fine:
        print(t("送信ロックはかかっていません。", "Senders are armed."))
    for words in here.why:
        print(f"! {words}")
    for host in here.hosts:
        state = "; ".join(map(str, host.why)) or t("許可", "armed")
        print(f"  {str(host.id)[:8]}  {host.name}  {state}  ({clock.in_words(host.seen_at)})")
        if host.must_answer:
            print(f"      {t('記録の突き合わせがまだです', 'its journals were not compared yet')}")
        elif host.compared_at and (not here.armed or not host.armed):
            print(f"      {_compared(host)}")
    for one in leaving:
        held = t("停止中、出ません", "stopped: does not leave") if one.state == "stopped" else ""
        print(f"  {t('配信', 'dispatch')} {one.dispatch}  {one.name}  {one.number:,}  {held}".rstrip())


def _compared(host: Any) -> Any:
    from tashika.core.text import t

    return t(
        "記録 {j} 件を突き合わせ済み: {h} 通を送信、台帳になかった {m} 通を書き戻し、行のない {u} 通を控え",
        "{j} journals compared: {h} mails handed over, {m} that the ledger had forgotten are back, {u} without a row kept",
        j=host.compared.get("journals", 0),
        h=host.compared.get("handed_over", 0),
        m=host.moved,
        u=host.compared.get("unmatched", 0),
    )


def _values(here: Any, leaving: list[Any]) -> dict[str, Any]:
    return {
        "armed": here.armed,
        "since": here.since,
        "why": [words.in_language("en") for words in here.why],
        "hosts": [
            {
                "id": str(one.id),
                "name": one.name,
                "armed": one.armed,
                "why": [words.in_language("en") for words in one.why],
                "seen_at": one.seen_at,
                "compared": one.compared,
                "must_answer": one.must_answer,
            }
            for one in here.hosts
        ],
        "leaving": [
            {"dispatch": one.dispatch, "name": one.name, "state": one.state, "mails": one.number} for one in leaving
        ],
    }
