"""An installation that knows less than it did: put back, or cloned. Nothing may leave before a person arms it (G13)."""

import shutil
import time

from bench.chaos.faults.fault import Fault
from bench.chaos.rounds import Round


class PutBack(Fault):
    """The database is put back to a state of seconds ago, under senders that go on; then a person arms it."""

    name = "database put back to a state of seconds ago"
    seconds = 14.0
    delays = (0.3, 0.6)  # a copy takes its time
    stops = 0.0

    def strike(self, round_: Round) -> None:
        house = round_.house
        copy = house.folder / "disk" / "copy"
        house.back_up(copy)
        known = house.smtp.begun()
        round_.wait_for_mails(round_.dice.uniform(0.3, 1.0))
        forgotten = house.smtp.begun() - known
        looks = house.looks()
        house.put_back(copy)
        put_back = time.time()
        time.sleep(round_.dice.uniform(0.5, 2.5))
        left = [one for one in house.smtp.record() if one.begun > put_back]
        if left:
            round_.found.append(f"G13: {len(left)} begun after the database was put back and before it was armed")
        house.wait_for_looks(looks)
        house.arm()
        round_.notes.append(f"{forgotten} mails begun since the copy")


class Clone(Fault):
    """The whole installation is cloned from a backup of an instant in which mails were leaving, and started beside the
    first, which has meanwhile sent everything."""

    name = "installation cloned from a backup"
    seconds = 16.0
    delays = (0.3, 0.6)
    stops = 0.0

    def strike(self, round_: Round) -> None:
        house = round_.house
        host = house.clone()
        begun = house.smtp.begun()
        round_.end()
        before = time.time()
        up = house.run(host, "up")
        try:
            port = int(host.environment["TASHIKA_PORT"])
            house.wait_for(lambda: house.answers(port), "the clone's interface", 60)
            time.sleep(round_.dice.uniform(1.0, 3.0))
        finally:
            up.terminate()
            up.wait(40)
        left = [one for one in house.smtp.record() if one.begun > before]
        if left:
            round_.found.append(f"G13: {len(left)} begun by a clone that nobody has armed")
        round_.notes.append("queued mails in the clone" if begun < round_.people else "nothing queued in the clone")
        shutil.rmtree(host.data, ignore_errors=True)
