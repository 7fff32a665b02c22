"""The entry of the command line. Each file in `cli/commands/` is a subcommand; Django is loaded only where needed."""

import argparse
import os
import pkgutil
import sys
from importlib import import_module
from types import ModuleType

from tashika.cli import commands


def main(argv: list[str] | None = None) -> int:
    """Run a subcommand and return its exit code: 0 done, 1 found something wrong, 2 could not be done."""
    words = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="tashika", description="Tashika: bulk mail that reaches the right people, once."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    modules = {_name(module): module for module in _modules(words[0] if words else "")}
    for name, module in sorted(modules.items()):
        subparser = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.configure(subparser)
    arguments, rest = parser.parse_known_args(words)
    module = modules[arguments.command]
    if rest and not getattr(module, "PASSES_ON", False):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    return _run(module, arguments)


def language() -> str:
    """The person's language by the environment: ja or en."""
    value = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ja" if value.startswith("ja") else "en"


def _run(module: ModuleType, arguments: argparse.Namespace) -> int:
    if getattr(module, "NEEDS_DJANGO", True):
        set_up_django()
    from tashika.core.errors import TashikaError
    from tashika.core.text import Text

    try:
        return int(module.run(arguments))
    except TashikaError as error:
        parts = [
            p.in_language(language()) if isinstance(p, Text) else str(p)
            for p in (error.where, error.what, error.fix)
            if p
        ]
        print(f"tashika: {' '.join(parts)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def set_up_django() -> None:
    """Load Django with this installation's settings, in the person's language."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tashika.core.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate(language())


def _modules(word: str) -> list[ModuleType]:
    """The command of that name alone, or all where none is called so by its file."""
    names = sorted(found.name for found in pkgutil.iter_modules(commands.__path__) if not found.name.startswith("_"))
    named = [name for name in names if name.replace("_", "-") == word]
    return [import_module(f"{commands.__name__}.{name}") for name in named or names]


def _name(module: ModuleType) -> str:
    return str(getattr(module, "NAME", module.__name__.rpartition(".")[2].replace("_", "-")))
