"""`tashika flow S-n`: where people are in a scenario, and one person's way through it."""

import argparse
from dataclasses import asdict

HELP = "where people are in a scenario; with --contact one person's way"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", help="such as S-12")
    parser.add_argument("--contact", type=int, metavar="NUMBER", help="every step of one contact")
    parser.add_argument("--retry", metavar="NODE", help="try those again for whom this node's step could not be done")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from tashika.cli import acting
    from tashika.contents import queries
    from tashika.core import clock
    from tashika.scenarios.flow import figures, retrying, ways

    scenario = queries.by_public_id(arguments.scenario)
    if arguments.retry:
        again = retrying.retry(scenario=scenario, node=arguments.retry, by=acting.person(), now=clock.now())
        acting.show({"scenario": scenario.public_id, "again": again}, as_json=arguments.json)
    elif arguments.contact:
        for way in ways.of(scenario, arguments.contact):
            acting.show({**asdict(way), "steps": [_line(step) for step in way.steps]}, as_json=arguments.json)
    else:
        found = {node: asdict(one) for node, one in figures.of(scenario).items()}
        acting.show({"scenario": scenario.public_id, **found}, as_json=arguments.json)
    return 0


def _line(step: object) -> str:
    from tashika.scenarios.flow.ways import Step

    assert isinstance(step, Step)
    return f"{step.at.isoformat()} {step.node}{':' + step.branch if step.branch else ''} {step.outcome}"
