"""`tashika status [S-n]`."""

import argparse

HELP = "what a scenario, or the whole installation, does now"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", nargs="?", help="such as S-12")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    from tashika.cli import acting
    from tashika.contents import queries as contents
    from tashika.core import clock
    from tashika.delivery import queries as delivery
    from tashika.delivery import stopping
    from tashika.scenarios import queries

    if arguments.scenario:
        publication = queries.latest(contents.by_public_id(arguments.scenario))
        figures = (
            delivery.figures(publication.dispatch_id).by_state() if publication and publication.dispatch_id else {}
        )
        acting.show({"state": publication.state if publication else "draft", **figures}, as_json=arguments.json)
        return 0
    stop = stopping.current_emergency_stop()
    acting.show(
        {
            "senders": delivery.live_senders(clock.now()).count(),
            "practice_mode": delivery.practice_mode(),
            "emergency_stop": stop.stopped_at if stop else None,
            "sending": delivery.dispatches().filter(state="sending").count(),
        },
        as_json=arguments.json,
    )
    return 0
