"""`tashika publish S-n`."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tashika.accounts.models import User
    from tashika.contents.models import Content
    from tashika.safeguards.flow_reviewing import FlowReview
    from tashika.safeguards.reviewing import Review

HELP = "publish a scenario after showing its review"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", help="such as S-12")
    parser.add_argument("--at", metavar="TIME", help="when to send, such as 2026-12-01T10:00; `now` for at once")
    parser.add_argument(
        "--choice",
        choices=["send", "skip", "shift", "now"],
        help="after unpublishing: a broadcast's stopped mails: send or skip; what fell due in a flow: skip, shift or now",
    )
    parser.add_argument(
        "--move",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="where people go from a node that is no more; empty: out",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Show how many and who not, ask, publish. Status 1 where the person said no."""
    from tashika.cli import acting
    from tashika.contents import queries
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.safeguards import reviewing
    from tashika.scenarios import publishing, starting

    by, scenario = acting.person(), queries.by_public_id(arguments.scenario)
    if scenario.draft.get("type") == "flow":
        return _publish_flow(scenario, by, arguments)
    if arguments.at:
        scenario = _at(scenario, arguments.at, by)
    review = reviewing.review(scenario=scenario, now=clock.now())
    _show(review)
    question = t("{n}人に公開しますか。", "Publish to {n} people?", n=f"{review.forecast.planned:,}")
    if arguments.choice:
        question = t("もう一度公開しますか（{c}）。", "Publish again ({c})?", c=arguments.choice)
    if not acting.agreed(question, yes=arguments.yes):
        return 1
    publication = publishing.publish(
        scenario=scenario, clearance=review.clearance, by=by, now=clock.now(), choice=arguments.choice
    )
    starting.start_due(now=clock.now())
    publication.refresh_from_db()
    acting.show(
        {
            "scenario": scenario.public_id,
            "publication": publication.pk,
            "state": publication.state,
            "people": review.forecast.planned,
            "send_at": publication.send_at.isoformat(),
        },
        as_json=arguments.json,
    )
    return 0


def _publish_flow(scenario: "Content", by: "User", arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.safeguards import flow_reviewing
    from tashika.scenarios import publishing

    review = flow_reviewing.review(scenario=scenario, now=clock.now())
    _show_flow(review)
    if not acting.agreed(t("公開しますか。", "Publish it?"), yes=arguments.yes):
        return 1
    moves = {old: new or None for old, _, new in (move.partition("=") for move in arguments.move)}
    publication = publishing.publish(
        scenario=scenario, clearance=review.clearance, by=by, now=clock.now(), choice=arguments.choice, moves=moves
    )
    answer = {"scenario": scenario.public_id, "publication": publication.pk, "state": publication.state}
    acting.show(answer, as_json=arguments.json)
    return 0


def _show_flow(review: "FlowReview") -> None:
    lines = [f"{one.severity:14} {one.node} {one.field}: {one.what}" for one in review.problems]
    if review.entering is not None:
        lines.append(f"entering       {review.entering:,}")
    situation = review.situation
    if situation.asks:
        lines.append(f"overdue        {situation.overdue:,}")
        lines.append(f"waiting        {situation.waiting:,}")
        lines.append(f"stopped mails  {situation.stopped_mails:,}")
        lines.append(f"webhooks       {situation.stopped_webhooks:,}")
    lines += [f"no more        {node}: {people:,} people" for node, people in situation.lost.items()]
    print("\n".join(lines), file=sys.stderr)


def _at(scenario: "Content", words: str, by: "User") -> "Content":
    from datetime import datetime

    from django.utils import timezone

    from tashika.contents import drafting
    from tashika.core import clock
    from tashika.core.errors import TashikaError
    from tashika.core.text import t

    try:
        moment = None if words == "now" else datetime.fromisoformat(words)
    except ValueError as error:
        raise TashikaError(
            t("日時を読めません。", "The time can't be read."),
            fix=t("例: 2026-12-01T10:00", "Such as 2026-12-01T10:00"),
            where="--at",
        ) from error
    if moment is not None and moment.tzinfo is None:
        moment = timezone.make_aware(moment)
    draft = {**scenario.draft, "send_at": moment.isoformat() if moment else None}
    return drafting.save(content=scenario, draft=draft, by=by, now=clock.now()) if draft != scenario.draft else scenario


def _show(review: "Review") -> None:
    """What the review page shows, on standard error, so that standard output stays the answer."""
    lines = [f"planned        {review.forecast.planned:,}"]
    lines += [f"excluded       {number:,} {why}" for why, number in review.forecast.excluded.items()]
    lines += [f"{problem.severity:14} {problem.where}: {problem.what}" for problem in review.problems]
    for sample in review.samples:
        odd = f" ({', '.join(sample.oddities)})" if sample.oddities else ""
        lines.append(f"sample         contact {sample.contact.pk}{odd}: {sample.preview.subject}")
    print("\n".join(lines), file=sys.stderr)
