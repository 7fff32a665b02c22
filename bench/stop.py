"""How soon a stop is true: stops at random moments of a running dispatch, beside the server's own record.

    ./tashika bench stop [--quick] [--json] [--stops N]

    stop_ms             from the press to the last transaction that begins before sending goes on again, as the server saw it
    answer_ms           from the press to the answer
    begun_after_press   transactions that began meanwhile (goal: no more than the open connections), the most of any stop
    begun_after_answer  transactions that began later: 0, or the stop was no stop
    hanging             the same with a server that falls silent in the middle: the answer, and those it names as in doubt

Two sender processes, one dispatch, released again after each stop. The press is the function that the button calls.
"""

import argparse
import bisect
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation, scenery
from bench.recording_server import LOST, MAIL, Event, RecordingServer

SESSIONS = 10  # connections of each sender
SENDERS = 2
PHASES = ("mail", "rcpt", "data", "body")


class _Press(NamedTuple):
    """Moments in seconds since 1970. `until` is just before sending was let go on."""

    pressed: float
    answered: float
    until: float


def run(*, stops: int, recipients: int, longest: float) -> dict[str, Any]:
    """All of it; the figures."""
    folder = installation.prepare()
    server = RecordingServer(folder)
    scenery.people(recipients)
    scenery.relay(server.port, SESSIONS)
    scenery.mail()
    processes = scenery.senders(SENDERS)
    dispatch = scenery.dispatch("stop")
    presses = _press_often(dispatch.pk, stops, longest)
    hanging = {phase: _press_while_hanging(server, dispatch.pk, phase) for phase in PHASES}
    for process in processes:
        process.terminate()
        process.wait(30)
    figures = _judge(presses, server.end())
    return {"bench": "stop", "senders": SENDERS, "connections": SENDERS * SESSIONS, **figures, "hanging": hanging}


def _press_often(dispatch: int, stops: int, longest: float) -> list[_Press]:
    draw = random.Random(4)
    presses: list[_Press] = []
    for number in range(stops):
        time.sleep(draw.uniform(longest / 10, longest))
        presses.append(_press(dispatch, pause=draw.uniform(0.01, 0.05)))
        if (number + 1) % 20 == 0:
            scenery.say(f"{number + 1} stops, {_accepted(dispatch):,} mails accepted")
    return presses


def _press(dispatch: int, pause: float) -> _Press:
    """Stop, wait a little in which nothing may begin, let go on."""
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.delivery import releasing, stopping

    pressed = time.time()
    answer = stopping.stop_dispatch(dispatch_id=dispatch, by=SYSTEM, now=clock.now())
    answered = time.time()
    assert answer.certain, f"no answer from {answer.silent}"
    time.sleep(pause)
    until = time.time()
    assert answer.figures["stopped"], "everything was sent before the stops were done: more recipients are needed"
    releasing.release(dispatch_id=dispatch, by=SYSTEM, now=clock.now())
    return _Press(pressed, answered, until)


def _press_while_hanging(server: RecordingServer, dispatch: int, phase: str) -> dict[str, Any]:
    """Stop while every connection waits for a reply that does not come."""
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.delivery import queries, releasing, stopping

    server.tell(phase)
    time.sleep(1.0)
    before = {one.row_id for one in queries.recipients(dispatch, "in_doubt", limit=1000)}
    pressed = time.time()
    answer = stopping.stop_dispatch(dispatch_id=dispatch, by=SYSTEM, now=clock.now())
    taken = time.time() - pressed
    named = [one for one in queries.recipients(dispatch, "in_doubt", limit=1000) if one.row_id not in before]
    assert answer.certain
    assert answer.figures["in_doubt"] == len(before) + len(named), "not everybody in doubt is named"
    server.tell("go")
    releasing.release(dispatch_id=dispatch, by=SYSTEM, now=clock.now())
    scenery.say(f"silent at {phase}: answered after {taken * 1000:.0f} ms, {len(named)} in doubt")
    time.sleep(2.0)
    return {"answer_ms": round(taken * 1000), "in_doubt_named": len(named)}


def _judge(presses: list[_Press], events: list[Event]) -> dict[str, Any]:
    began = [event.at for event in events if event.kind == MAIL]
    stop_ms, answer_ms, after_press, after_answer = [], [], [], 0
    for one in presses:
        meanwhile = began[bisect.bisect_right(began, one.pressed) : bisect.bisect_right(began, one.until)]
        stop_ms.append((meanwhile[-1] - one.pressed) * 1000 if meanwhile else 0.0)
        answer_ms.append((one.answered - one.pressed) * 1000)
        after_press.append(len(meanwhile))
        after_answer += sum(at > one.answered for at in meanwhile)
    return {
        "stops": len(presses),
        "transactions": len(began),
        "connections_lost": sum(event.kind == LOST for event in events),
        "stop_ms": _spread(stop_ms),
        "answer_ms": _spread(answer_ms),
        "begun_after_press": max(after_press),
        "begun_after_press_median": statistics.median(after_press),
        "begun_after_answer": after_answer,
    }


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
        "max": round(ordered[-1], 1),
    }


def _accepted(dispatch: int) -> int:
    from tashika.delivery import queries

    return queries.figures(dispatch).accepted


def main() -> None:
    """Measures and prints; the last line is one JSON object. Exit code 1 where a stop was none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer stops, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--stops", type=int, default=0)
    arguments = parser.parse_args()
    stops = arguments.stops or (80 if arguments.quick else 200)
    figures = run(
        stops=stops, recipients=100_000 if arguments.quick else 400_000, longest=0.2 if arguments.quick else 0.6
    )
    print(json.dumps(figures))
    sys.exit(1 if figures["begun_after_answer"] else 0)


if __name__ == "__main__":
    main()
