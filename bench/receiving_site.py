"""A site that receives mail, as there are many: a real Postfix with mailboxes, some full, some greylisting.

What it has in the end is the truth that the product's record is held against.
"""

import os
import pwd
import socket
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.postfix import Postfix

_QUOTA = 20_000  # bytes of a mailbox; the limit of one mail is below it, as Postfix asks for
_SETTINGS = """
myhostname = mx.recipient.example.com
relayhost = [127.0.0.1]:{back}
virtual_mailbox_domains = regexp:{folder}/etc/domains
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_mailbox_limit = {quota}
message_size_limit = {quota}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/etc/refused,
    check_policy_service inet:127.0.0.1:{greylist}
smtpd_reject_unlisted_recipient = yes
notify_classes =
"""


@dataclass(frozen=True, slots=True)
class Fates:
    """Who meets what at the site; everybody else gets the mail."""

    unknown: frozenset[str] = frozenset()  # there is no such mailbox
    full: frozenset[str] = frozenset()  # taken at the door, and then the mailbox has no room
    full_at_the_door: frozenset[str] = frozenset()  # refused with 552
    greylisted: frozenset[str] = frozenset()  # 450 at the first try


@dataclass
class Greylist:
    """A policy server of Postfix (SMTPD_POLICY_README) that defers the first try for some recipients."""

    recipients: frozenset[str]
    deferred: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._server.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        recipient = ""
        with connection, connection.makefile("rw") as stream:
            for line in stream:
                name, _, value = line.rstrip("\n").partition("=")
                if name == "recipient":
                    recipient = value
                elif not name:  # the end of a request
                    first = recipient in self.recipients and not self.deferred[recipient]
                    self.deferred[recipient] += first
                    words = "450 4.2.0 Greylisted, try again later" if first else "DUNNO"
                    stream.write(f"action={words}\n\n")
                    stream.flush()


class ReceivingSite:
    """The site of these people; reports go back to the mail server at port `back`."""

    def __init__(self, *, port: int, back: int, people: Iterable[str], fates: Fates) -> None:
        self.greylist = Greylist(fates.greylisted)
        self._people, self._fates = set(people), fates
        settings = _SETTINGS.replace("{back}", str(back)).replace("{greylist}", str(self.greylist.port))
        self.postfix = Postfix(port, settings=settings.replace("{quota}", str(_QUOTA)))

    def start(self) -> None:
        """Lay out the mailboxes and start."""
        folder, fates = self.postfix.folder, self._fates
        (folder / "etc").mkdir()
        (folder / "etc" / "domains").write_text("/^c[0-9]+\\.example\\.jp$/ here\n")
        has_mailbox = sorted(self._people - fates.unknown)
        mailboxes = (f"{one} {f'full/{one}' if one in fates.full else 'all/'}\n" for one in has_mailbox)
        (folder / "etc" / "mailboxes").write_text("".join(mailboxes))
        refused = (f"{one} 552 5.2.2 Mailbox full\n" for one in sorted(fates.full_at_the_door))
        (folder / "etc" / "refused").write_text("".join(refused))
        self.postfix.start()
        self._fill(fates.full)

    def _fill(self, full: frozenset[str]) -> None:
        account = pwd.getpwnam("postfix")
        folder = self.postfix.folder / "mail" / "full"
        folder.mkdir()
        for path in (folder, *(folder / one for one in full)):
            if path != folder:
                path.write_bytes(b"From a@example.jp Mon Jan  1 00:00:00 2026\n\n" + b"x" * 70 * 280 + b"\n\n")
            os.chown(path, account.pw_uid, account.pw_gid)

    def arrived(self) -> Counter[str]:
        """How often each person got the mail."""
        return Counter(str(mail["X-Original-To"]) for mail in self.postfix.mails())
