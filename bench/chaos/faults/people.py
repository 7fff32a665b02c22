"""People at the same instant: two operators, and recipients who change while the mail is on its way."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from django.db import connections

from bench.chaos import operators
from bench.chaos.faults.fault import Fault
from bench.chaos.operators import patiently
from bench.chaos.rounds import Round
from tashika.core import clock
from tashika.core.actors import SYSTEM
from tashika.people import consent, contacts
from tashika.people.models import Contact


def _at_once(*acts: Callable[[], object]) -> None:
    """Each in a thread of its own, begun together."""
    barrier = threading.Barrier(len(acts))

    def do(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class DoublePublish(Fault):
    """Two operators publish at the same instant; one of them clicks twice."""

    name = "double publish by two operators"

    def publish(self, round_: Round) -> None:
        dispatches: list[int | None] = []
        house = round_.house

        def press() -> None:
            try:
                dispatches.append(operators.publish(port=house.port, key=house.key, scenario=round_.scenario))
            except operators.Refused as refused:
                round_.notes.append(f"second told: {refused}")

        _at_once(press, press, press)
        round_.dispatch = round_.dispatch_of_publication()
        opened = {one for one in dispatches if one} | {round_.dispatch}
        if len(opened) != 1:
            round_.found.append(f"G1: publishing at once opened {len(opened)} dispatches")


class PublishAgainstUnpublish(Fault):
    """One operator unpublishes and another publishes again, at the same instant, several times."""

    name = "unpublish against publish by two operators"
    seconds = 3.0
    stops = 0.0

    def strike(self, round_: Round) -> None:
        for _ in range(3):
            _at_once(lambda: self._unpublish(round_), lambda: self._publish(round_))
            time.sleep(round_.dice.uniform(0.0, 0.05))
        if not round_.stop():
            round_.found.append("G3: no stop was possible")

    def _unpublish(self, round_: Round) -> None:
        house = round_.house
        operators.unpublish(port=house.port, key=house.key, scenario=round_.scenario)

    def _publish(self, round_: Round) -> None:
        house = round_.house
        try:
            operators.publish(port=house.port, key=house.key, scenario=round_.scenario, choice="send")
        except operators.Refused as refused:
            round_.notes.append(f"told: {refused}")


class _Change(Fault, ABC):
    """Some of the round's people change while it is sent."""

    def strike(self, round_: Round) -> None:
        for index in round_.dice.sample(range(round_.people), min(12, round_.people)):
            address = round_.address(index)
            contact = patiently(lambda address=address: Contact.objects.filter(email=address).first())
            if contact is not None:
                patiently(lambda contact=contact: self.change(round_, contact))
                round_.gone.setdefault(address, time.time())
            time.sleep(round_.dice.uniform(0.0, 0.02))

    @abstractmethod
    def change(self, round_: Round, contact: Contact) -> None:
        """What happens to one of them: from its commit on nothing may be claimed for the address."""


class OptOut(_Change):
    """They opt out."""

    name = "opt-out during the send"

    def change(self, round_: Round, contact: Contact) -> None:
        consent.opt_out(contact_id=contact.pk, address=contact.email, now=clock.now())


class Edit(_Change):
    """Their address is corrected: the old one gets nothing any more, and the new one was never planned."""

    name = "edit of a contact during the send"

    def change(self, round_: Round, contact: Contact) -> None:
        values = {"email": f"new.{contact.email}", "family_name": "新"}
        contacts.change(contact=contact, values=values, by=SYSTEM, now=clock.now())


class Delete(_Change):
    """They are deleted."""

    name = "deletion of a contact during the send"

    def change(self, round_: Round, contact: Contact) -> None:
        contacts.delete(contact=contact, by=SYSTEM, now=clock.now())


class Merge(_Change):
    """Two contacts turn out to be one person: one is deleted and the other takes its address, as a person does it by
    hand. Neither row may be claimed any more: the one is nobody's, the other is another address's."""

    name = "merge of two contacts during the send"

    def change(self, round_: Round, contact: Contact) -> None:
        other = Contact.objects.filter(external_id=contact.external_id).exclude(pk=contact.pk).order_by("?").first()
        if other is None:
            return
        former, address = other.email, contact.email
        contacts.delete(contact=contact, by=SYSTEM, now=clock.now())
        contacts.change(contact=other, values={"email": address}, by=SYSTEM, now=clock.now())
        round_.gone.setdefault(former, time.time())
