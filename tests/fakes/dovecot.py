"""A real IMAP server on loopback: Dovecot, from the operating system's package, in a folder of its own."""

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PASSWORD = "himitsu-7"
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
{more}
"""


class Dovecot:
    """Starts a server; `port` speaks TLS with a certificate of its own, `plain_port` offers STARTTLS."""

    def __init__(self, folder: Path, *, more: str = "") -> None:
        self.folder = folder
        self.port, self.plain_port = _free_port(), _free_port()
        self._more = more

    def __enter__(self) -> "Dovecot":
        root = os.geteuid() == 0
        user = pwd.getpwnam("mail" if root else getpass.getuser())
        for name in ("mail", "run", "state"):
            (self.folder / name).mkdir(parents=True)
        _make_certificate(self.folder)
        if root:
            for path in (*self.folder.parents, self.folder):
                if path.is_relative_to("/tmp") and path != Path("/tmp"):
                    path.chmod(path.stat().st_mode | 0o711)
            os.chown(self.folder / "mail", user.pw_uid, user.pw_gid)
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                user="dovecot" if root else user.pw_name,
                group="dovecot" if root else grp.getgrgid(user.pw_gid).gr_name,
                uid=user.pw_uid,
                gid=user.pw_gid,
                password=PASSWORD,
                port=self.port,
                plain_port=self.plain_port,
                more=self._more,
            )
        )
        self._process = subprocess.Popen([binary(), "-F", "-c", str(configuration)], stderr=subprocess.PIPE)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def client(self, user: str = "bounce") -> imaplib.IMAP4:
        """A person's own look into the mailbox."""
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        context.check_hostname = False
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=10)
        client.login(user, PASSWORD)
        return client

    def put(self, *messages: bytes, user: str = "bounce") -> None:
        """Messages come in."""
        client = self.client(user)
        for message in messages:
            client.append("INBOX", None, None, message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        client.logout()

    def count(self, folder: str, user: str = "bounce") -> int:
        """Messages in a folder; 0 where there is no such folder."""
        client = self.client(user)
        status, data = client.select(f'"{folder}"', readonly=True)
        client.logout()
        return int(data[0]) if status == "OK" else 0

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                self.client().logout()
                return
            except (OSError, imaplib.IMAP4.error):
                log = self.folder / "log"
                words = log.read_text()[-2000:] if log.exists() else ""
                assert self._process.poll() is None, self._process.stderr.read().decode() + words  # type: ignore[union-attr]
                assert time.monotonic() < deadline, f"Dovecot did not come up: {words}"
                time.sleep(0.1)


def binary() -> str:
    """Where Dovecot is; empty where it is not installed."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
