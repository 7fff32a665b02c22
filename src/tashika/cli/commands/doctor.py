"""`tashika doctor`: what is wrong with this installation and how to mend it."""

import argparse
import json

from tashika.core import config

HELP = "say what is wrong with this installation and how to mend it"
NEEDS_DJANGO = False
_MARKS = {"ok": "ok  ", "warn": "warn", "bad": "BAD "}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="for machines, in both languages")


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; 1 if something is bad."""
    from tashika.cli import doctor
    from tashika.cli.main import language
    from tashika.core import clock
    from tashika.delivery import checks

    findings = list(checks.examine(now=clock.now()))
    if any(finding.subject == "migrations" and finding.level == "ok" for finding in findings):
        findings += doctor.trail()
    findings += doctor.ports(host=config.get("host"), taken=config.data_folder() / "up.lock")
    if arguments.json:
        print(json.dumps([_plain(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(f"{_MARKS[finding.level]} {finding.subject:14} {finding.what.in_language(language())}")
            if finding.fix:
                print(f"{'':20}→ {finding.fix.in_language(language())}")
    return 1 if any(finding.level == "bad" for finding in findings) else 0


def _plain(finding: object) -> dict[str, str]:
    row: dict[str, str] = {"level": finding.level, "subject": finding.subject}  # type: ignore[attr-defined]
    for name in ("what", "fix"):
        text = getattr(finding, name)
        for code in ("ja", "en"):
            row[f"{name}_{code}"] = text.in_language(code) if text else ""
    return row
