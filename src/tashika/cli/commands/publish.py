"""`tashika publish S-n`."""

import argparse

HELP = "publish a scenario after showing its review"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", help="such as S-12")
    parser.add_argument("--choice", choices=["send", "skip"], help="what to do with mails that were stopped before")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Show how many and who not, ask, publish."""
    from tashika.cli import acting
    from tashika.contents import queries
    from tashika.core import clock
    from tashika.safeguards import reviewing
    from tashika.scenarios import publishing, starting

    scenario = queries.by_public_id(arguments.scenario)
    review = reviewing.review(scenario=scenario, now=clock.now())
    if not arguments.json:
        acting.show({"people": review.forecast.planned, **review.forecast.excluded}, as_json=False)
    if not arguments.yes and input("公開しますか / Publish? [y/N] ").strip().lower() not in ("y", "yes"):
        return 1
    publication = publishing.publish(
        scenario=scenario, clearance=review.clearance, by=acting.person(), now=clock.now(), choice=arguments.choice
    )
    starting.start_due(now=clock.now())
    acting.show(
        {"scenario": scenario.public_id, "publication": publication.pk, "people": review.forecast.planned},
        as_json=arguments.json,
    )
    return 0
