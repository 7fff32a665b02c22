"""A real Postfix of its own on loopback: takes mail for every address and puts it into one Maildir."""

import os
import shutil
import subprocess
import tempfile
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.recipient.example.jp
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all/
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = virtual
default_process_limit = 50
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
"""


class Postfix:
    """Started by `start`, stopped by `stop`; needs root and the package postfix.

    `settings` is put after the others in main.cf, with {folder} for the folder; `services` in master.cf.
    """

    def __init__(self, port: int, *, settings: str = "", services: str = "") -> None:
        self.port = port
        self._settings, self._services = settings, services
        self.folder = Path(tempfile.mkdtemp(prefix="tashika-postfix-"))

    def start(self) -> None:
        """Lay out a configuration of its own and start it."""
        import pwd

        account = pwd.getpwnam("postfix")
        self.folder.chmod(0o755)
        config = self.folder / "etc"
        for name in ("etc", "queue", "data", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
        for name in ("data", "mail"):
            os.chown(self.folder / name, account.pw_uid, account.pw_gid)
        main = _MAIN.format(folder=self.folder, uid=account.pw_uid, gid=account.pw_gid)
        (config / "main.cf").write_text(main + self._settings.replace("{folder}", str(self.folder)))
        master = Path("/usr/share/postfix/master.cf.dist").read_text().splitlines()
        lines = [self._service(line) for line in master]
        lines.append("postlog   unix-dgram n  -       n       -       1       postlogd")
        (config / "master.cf").write_text("\n".join(lines) + "\n" + self._services)
        subprocess.run(["postfix", "-c", str(config), "start"], check=True, capture_output=True)
        time.sleep(1)

    def _service(self, line: str) -> str:
        parts = line.split()
        if len(parts) >= 8 and parts[1] in ("inet", "unix", "fifo", "unix-dgram") and not line.startswith(("#", " ")):
            if parts[0] == "postlog":
                return ""
            parts[4] = "n"  # no chroot: this is a throwaway
            if parts[0] == "smtp" and parts[1] == "inet":
                parts[0] = f"127.0.0.1:{self.port}"
            return "  ".join(parts)
        return line

    def stop(self) -> None:
        """Stop it and remove everything."""
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), "stop"], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def configure(self, *settings: str) -> None:
        """Change settings of main.cf, such as `defer_transports=virtual`, while it runs."""
        config = str(self.folder / "etc")
        subprocess.run(["postconf", "-c", config, "-e", *settings], check=True)
        subprocess.run(["postfix", "-c", config, "reload"], check=True, capture_output=True)
        time.sleep(1)

    def waiting(self) -> int:
        """How many mails are still in its queue."""
        folders = ("incoming", "active", "deferred", "maildrop")
        return sum(1 for name in folders for path in (self.folder / "queue" / name).rglob("*") if path.is_file())

    def mails(self) -> list[EmailMessage]:
        """Everything that was delivered, read by Python's parser."""
        found = []
        for name in ("new", "cur"):
            for path in (self.folder / "mail" / "all" / name).glob("*"):
                found.append(message_from_bytes(path.read_bytes(), policy=policy.default))
        return found  # type: ignore[return-value]
