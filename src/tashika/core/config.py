"""Every setting of an installation, in one table.

A setting is read from the environment first (`TASHIKA_…`), then from the TOML file named by `TASHIKA_CONFIG`
(or `tashika.toml` in the data folder), then from its default. `tashika doctor` and the manual print this table.
"""

import contextlib
import os
import secrets
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in the TOML file, its variable in the environment, its default and its meaning."""

    key: str
    variable: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data", "TASHIKA_DATA", "", "Folder of all data. Default: /var/lib/tashika as root, else ~/.local/share/tashika"
    ),
    Setting(
        "database_url", "DATABASE_URL", "", "PostgreSQL 15 or newer, postgresql://…; empty: the embedded server", True
    ),
    Setting(
        "base_url",
        "TASHIKA_BASE_URL",
        "",
        "Address that recipients' links carry, such as https://mail.example.jp; empty: http://HOST:PORT",
    ),
    Setting("host", "TASHIKA_HOST", "127.0.0.1", "Address that `up` and `web` listen on"),
    Setting("port", "TASHIKA_PORT", "8000", "Port that `up` and `web` listen on"),
    Setting(
        "allowed_hosts",
        "TASHIKA_ALLOWED_HOSTS",
        "",
        "Host names that the interface answers to, by comma; loopback always",
    ),
    Setting(
        "secret_key",
        "TASHIKA_SECRET_KEY",
        "",
        "Signs sessions and links; empty: made at random and kept in the data folder",
        True,
    ),
    Setting("time_zone", "TASHIKA_TIME_ZONE", "Asia/Tokyo", "Time zone of the organisation"),
    Setting("language", "TASHIKA_LANGUAGE", "ja", "Language before a person has chosen: ja or en"),
    Setting("practice_port", "TASHIKA_PRACTICE_PORT", "8025", "Loopback port of the practice-mode mail catcher"),
    Setting("sender_connections", "TASHIKA_SENDER_CONNECTIONS", "10", "SMTP connections per sender process, at most"),
    Setting(
        "permit_seconds",
        "TASHIKA_PERMIT_SECONDS",
        "15",
        "How long a sender may go on without an answer of the database (G3)",
    ),
    Setting(
        "host_identity",
        "TASHIKA_HOST_IDENTITY",
        "",
        "Who this host is, in place of its machine's own signs: for containers. No two hosts may share it (G13)",
    ),
    Setting(
        "dns_server",
        "TASHIKA_DNS_SERVER",
        "",
        "Name server for checks of sending domains, such as 192.0.2.53 or 127.0.0.1:5353; empty: the system's",
    ),
    Setting(
        "postfix_config",
        "TASHIKA_POSTFIX_CONFIG",
        "/etc/postfix",
        "Configuration folder of the Postfix of this host, for relays that are marked as it",
    ),
    Setting(
        "mail_log",
        "TASHIKA_MAIL_LOG",
        "",
        "Log of the Postfix that takes our mails, such as /var/log/mail.log: evidence for mails in doubt; empty: none",
    ),
    Setting(
        "webhook_hosts",
        "TASHIKA_WEBHOOK_HOSTS",
        "",
        "Hosts, or host:port, by comma, that webhooks may reach although they are internal, and without https",
    ),
    Setting("import_max_bytes", "TASHIKA_IMPORT_MAX_BYTES", str(2 * 1024**3), "Largest import file, in bytes"),
    Setting(
        "log_format", "TASHIKA_LOG_FORMAT", "", "text or json (one object a line); empty: text on a terminal, else json"
    ),
    Setting(
        "log_level", "TASHIKA_LOG_LEVEL", "info", "Least level of our own log lines: debug, info, warning or error"
    ),
    Setting(
        "metrics_token",
        "TASHIKA_METRICS_TOKEN",
        "",
        "What `/metrics` asks for as a Bearer token, beside API keys; empty: API keys only",
        True,
    ),
    Setting("debug", "TASHIKA_DEBUG", "", "1: Django's debug pages. Never where others can reach it"),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}


def data_folder() -> Path:
    """The one folder that holds all data and survives upgrades of the code."""
    chosen = os.environ.get("TASHIKA_DATA")
    if not chosen and os.environ.get("TASHIKA_CONFIG"):
        chosen = str(_file().get("data", ""))
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/tashika")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "tashika"


@cache
def _file() -> dict[str, object]:
    path = Path(os.environ.get("TASHIKA_CONFIG") or data_folder() / "tashika.toml")
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        return tomllib.load(stream)


def forget_file() -> None:
    """Read the file again at the next look: TASHIKA_CONFIG was changed."""
    _file.cache_clear()


def get(key: str) -> str:
    """The value of a setting as text. Raises KeyError for a key that is not in the table."""
    setting = _BY_KEY[key]
    value = os.environ.get(setting.variable)
    if value is None or value == "":
        value = _as_text(_file().get(key, "")) or setting.default
    return value


def _as_text(value: object) -> str:
    """A value of the TOML file as the environment would carry it: true is 1, a list is joined by commas."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return str(value)


def get_int(key: str) -> int:
    """The value of a setting as a whole number. Raises ValueError naming the setting."""
    try:
        return int(get(key))
    except ValueError as error:
        raise ValueError(f"{_BY_KEY[key].variable} must be a whole number") from error


def database_url() -> str:
    """Where the database is: DATABASE_URL, or the embedded server's socket in the data folder."""
    url = get("database_url")
    if url:
        return url
    socket_folder = data_folder() / "postgresql" / "socket"
    return f"postgresql://tashika@/tashika?host={socket_folder}"


def base_url() -> str:
    """The address that links in mails begin with, without a slash at the end."""
    return (get("base_url") or f"http://{get('host')}:{get('port')}").rstrip("/")


def secret_key() -> str:
    """The installation's secret: from the settings, or made once and kept in the data folder (mode 0600)."""
    given = get("secret_key")
    if given:
        return given
    path = data_folder() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all; of several starting at once, the first one's key holds
        draft.unlink()
    return path.read_text().strip()
