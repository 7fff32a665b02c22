"""`tashika unpublish S-n`."""

import argparse

HELP = "unpublish a scenario: when it returns, nothing more leaves"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", help="such as S-12")
    parser.add_argument("--reason", default="")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Stop and print the exact figures. Status 4 where a sender stayed silent."""
    from tashika.cli import acting
    from tashika.contents import queries
    from tashika.core import clock
    from tashika.scenarios import unpublishing

    scenario = queries.by_public_id(arguments.scenario)
    answer = unpublishing.unpublish(scenario=scenario, by=acting.actor(), now=clock.now(), reason=arguments.reason)
    if answer is None:
        acting.show({"scenario": scenario.public_id, "certain": True}, as_json=arguments.json)
        return 0
    acting.show(
        {
            "scenario": scenario.public_id,
            "certain": answer.certain,
            "silent": ", ".join(answer.silent),
            **answer.figures,
            "last_begun_at": answer.last_begun_at,
        },
        as_json=arguments.json,
    )
    return 0 if answer.certain else 4
