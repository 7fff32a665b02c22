"""`tashika up`: everything on one machine, as one process group."""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

import psycopg

from tashika.accounts import first_run
from tashika.cli.ports import port_is_free
from tashika.core import config, logs, migrating
from tashika.core.errors import TashikaError
from tashika.core.postgres import EmbeddedPostgres, UnableToStartPostgres
from tashika.core.supervisor import Child, Supervisor
from tashika.core.text import t

HELP = "start everything on this machine"
PAUSE = 2.0  # seconds until a database that can't start is tried again
NEEDS_DJANGO = False
_OURS = (
    "core",
    "accounts",
    "contents",
    "people",
    "activity",
    "audiences",
    "mails",
    "delivery",
    "scenarios",
    "safeguards",
)


class UnableToStart(TashikaError):
    """Tashika can't be started here."""

    code = "unable_to_start"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--demo", action="store_true", help="with an invented company, in a data folder of its own")
    parser.add_argument("--port", type=int, help="port of the interface (default 8000)")
    parser.add_argument("--data", help="folder of all data")


def run(arguments: argparse.Namespace) -> int:
    """Start PostgreSQL, migrate, then run the processes until Ctrl-C or SIGTERM."""
    _settle_environment(arguments)
    logs.begin("up")
    folder = config.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)  # the account that runs PostgreSQL must be able to walk through
    with (folder / "up.lock").open("w") as lock:
        _refuse_a_second_one(lock, folder)
        _refuse_a_taken_port()
        postgres = None if config.get("database_url") else EmbeddedPostgres(folder / "postgresql")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            _start(arguments, postgres)
        except UnableToStartPostgres as error:
            raise UnableToStart(str(error)) from error
        except subprocess.CalledProcessError as error:
            raise UnableToStart(
                t("準備に失敗しました（上の表示をご覧ください）。", "Preparing failed; see above.")
            ) from error
        finally:
            if postgres:
                postgres.stop()
    return 0


def _interrupt(*_: object) -> None:
    """Until the supervisor takes over, SIGTERM ends the start the way Ctrl-C does."""
    raise KeyboardInterrupt


def _start(arguments: argparse.Namespace, postgres: EmbeddedPostgres | None) -> None:
    if postgres:
        postgres.start()
    with psycopg.connect(config.database_url()) as connection:
        lacking = migrating.missing(connection)
    if lacking:
        print("Preparing the database / データベースを準備しています", file=sys.stderr, flush=True)
        subprocess.run([*_command("migrate"), "--quiet"], check=True)
    if arguments.demo:
        subprocess.run(_command("demo-data"), check=True)
    else:
        _show_setup_code()
    _serve(postgres)


def _show_setup_code() -> None:
    """On the first run the console shows the code with which the browser creates the first administrator."""
    with psycopg.connect(config.database_url()) as connection:
        somebody = connection.execute("SELECT EXISTS (SELECT FROM accounts_user)").fetchone()
    if somebody == (False,):
        print(f"\n  Set-up code / はじめての設定コード: {first_run.setup_code()}", flush=True)


def _refuse_a_second_one(lock: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UnableToStart(
            t(
                "このデータフォルダでは、すでに Tashika が動いています。",
                "Tashika is already running on this data folder.",
            ),
            fix=t(
                "先に停止するか、--data で別の場所を指定してください。", "Stop it first, or name another with --data."
            ),
            where=str(folder),
        ) from None


def _refuse_a_taken_port() -> None:
    for key in ("port", "practice_port"):
        host = config.get("host") if key == "port" else "127.0.0.1"
        port = config.get_int(key)
        if not port_is_free(host, port):
            raise UnableToStart(
                t("ポート {port} は使われています。", "Port {port} is taken.", port=port),
                fix=t("設定 {key} で別の番号を指定してください。", "Choose another by the setting {key}.", key=key),
            )


def _settle_environment(arguments: argparse.Namespace) -> None:
    """What was chosen here holds for the child processes too."""
    if arguments.data:
        os.environ["TASHIKA_DATA"] = str(Path(arguments.data).absolute())
    if arguments.demo:
        os.environ["TASHIKA_DATA"] = f"{config.data_folder()}-demo"
        os.environ["TASHIKA_HOST"] = "127.0.0.1"
        # Nothing of a real installation may reach into the demo, its database above all.
        os.environ["TASHIKA_CONFIG"] = os.devnull
        for variable in ("DATABASE_URL", "TASHIKA_BASE_URL", "TASHIKA_SECRET_KEY"):
            os.environ.pop(variable, None)
        config.forget_file()
    if arguments.port:
        os.environ["TASHIKA_PORT"] = str(arguments.port)


def _serve(postgres: EmbeddedPostgres | None) -> None:
    children = [Child(name, _command(name)) for name in ("sender", "worker", "catcher", "web")]
    address = f"http://{config.get('host')}:{config.get('port')}"
    told = False
    began = time.monotonic()
    supervisor = Supervisor(children)

    def watch() -> None:
        nonlocal told
        if postgres and (trouble := postgres.keep_running()):
            print(f"[postgresql] can't start; again in {PAUSE:g} s: {trouble}", file=sys.stderr, flush=True)
            time.sleep(PAUSE)
        if not told and (_answers(address) or time.monotonic() - began > 60):
            told = True
            print(f"\n  Tashika: {address}   (Ctrl-C: stop / 停止)\n", flush=True)

    supervisor.run(watch=watch)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "tashika.cli", name]
