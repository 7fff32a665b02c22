"""`tashika status [S-n]`."""

import argparse
from typing import Any

HELP = "what a scenario, or the whole installation, does now"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", nargs="?", help="such as S-12")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    from tashika.cli import acting

    values = _of_scenario(arguments.scenario) if arguments.scenario else _of_everything()
    acting.show(values, as_json=arguments.json)
    return 0


def _of_scenario(public_id: str) -> dict[str, Any]:
    from tashika.contents import queries as contents
    from tashika.core import clock
    from tashika.delivery import queries as delivery
    from tashika.scenarios import queries, starting

    publication = queries.latest(contents.by_public_id(public_id))
    if publication is None:
        return {"state": "draft"}
    values: dict[str, Any] = {
        "state": "late" if starting.is_late(publication, clock.now()) else publication.state,
        "send_at": publication.send_at.isoformat(),
        "dispatch": publication.dispatch_id,
    }
    if publication.dispatch_id:
        figures = delivery.figures(publication.dispatch_id)
        values |= figures.by_state() | {"last_begun_at": figures.last_begun_at}
    return values


def _of_everything() -> dict[str, Any]:
    from tashika.core import clock
    from tashika.delivery import checks, stopping
    from tashika.delivery import queries as delivery
    from tashika.scenarios import queries

    stop = stopping.current_emergency_stop()
    return {
        "senders": delivery.live_senders(clock.now()).count(),
        "practice_mode": delivery.practice_mode(),
        "emergency_stop": stop.stopped_at if stop else None,
        "sending": delivery.dispatches().filter(state="sending").count(),
        "published": ", ".join(one.scenario.public_id for one in queries.all_live()),
        "attention": ", ".join(one.subject for one in checks.examine(now=clock.now()) if one.level != "ok"),
    }
