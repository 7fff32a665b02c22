"""`tashika up`: everything on one machine, as one process group."""

import argparse
import fcntl
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tashika.core import config
from tashika.core.errors import TashikaError
from tashika.core.postgres import EmbeddedPostgres, UnableToStartPostgres
from tashika.core.supervisor import Child, Supervisor
from tashika.core.text import t

HELP = "start everything on this machine"
NEEDS_DJANGO = False
_OURS = ("core", "accounts", "contents", "people", "activity", "audiences", "mails", "delivery", "scenarios", "safeguards")
_OTHERS = ("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "procrastinate.contrib.django")


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
    folder = config.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnableToStart(
                t("このデータフォルダでは、すでに Tashika が動いています。", "Tashika is already running on this data folder."),
                fix=t("先に停止するか、--data で別のフォルダを指定してください。", "Stop it first, or name another folder with --data."),
                where=str(folder),
            ) from None
        postgres = None if config.get("database_url") else EmbeddedPostgres(folder / "postgresql")
        try:
            if postgres:
                postgres.start()
            if not _tables_are_current():
                subprocess.run(_command("migrate"), check=True)
            _serve(arguments, postgres)
        except UnableToStartPostgres as error:
            raise UnableToStart(str(error)) from error
        finally:
            if postgres:
                postgres.stop()
    return 0


def _settle_environment(arguments: argparse.Namespace) -> None:
    """What was chosen here holds for the child processes too."""
    if arguments.data:
        os.environ["TASHIKA_DATA"] = str(Path(arguments.data).absolute())
    if arguments.demo:
        os.environ["TASHIKA_DATA"] = f"{config.data_folder()}-demo"
        os.environ["TASHIKA_HOST"] = "127.0.0.1"
        os.environ.pop("DATABASE_URL", None)
    if arguments.port:
        os.environ["TASHIKA_PORT"] = str(arguments.port)


def _serve(arguments: argparse.Namespace, postgres: EmbeddedPostgres | None) -> None:
    children = [Child(name, _command(name)) for name in ("sender", "worker", "catcher", "web")]
    address = f"http://{config.get('host')}:{config.get('port')}"
    told = False
    began = time.monotonic()
    supervisor = Supervisor(children)
    if arguments.demo:
        subprocess.run(_command("demo-data"), check=True)

    def watch() -> None:
        nonlocal told
        if postgres and postgres.process and postgres.process.poll() is not None:
            postgres.start()
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
    return [sys.executable, "-m", "tashika.cli.main", name]


def _tables_are_current() -> bool:
    """Whether every migration on disk is recorded: found out without loading Django."""
    wanted = {(room, name) for room in _OURS for name in _migrations(f"tashika.{room}")}
    for package in _OTHERS:
        label = "procrastinate" if package.startswith("procrastinate") else package.rpartition(".")[2]
        wanted |= {(label, name) for name in _migrations(package)}
    with psycopg.connect(config.database_url()) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return False
        rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    return wanted <= {(str(app), str(name)) for app, name in rows}


def _migrations(package: str) -> list[str]:
    top, *rest = package.split(".")
    spec = find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0], *rest, "migrations")
    return [path.stem for path in folder.glob("[0-9]*.py")]
