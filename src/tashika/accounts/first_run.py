"""The first person: created in the browser by whoever can read this machine's console."""

import os
import secrets

from tashika.core import config


def setup_code() -> str:
    """The one-time code that the console shows and the set-up page asks for (attack 35: a race for a fresh install)."""
    path = config.data_folder() / "setup_code"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    code = "-".join(f"{secrets.randbelow(10000):04}" for _ in range(3))
    with os.fdopen(descriptor, "w") as stream:
        stream.write(code)
    return code


def is_setup_code(given: str) -> bool:
    """Whether this is the code; compared in constant time."""
    return secrets.compare_digest(setup_code().encode(), given.strip().encode())


def forget_setup_code() -> None:
    """The first person is there."""
    (config.data_folder() / "setup_code").unlink(missing_ok=True)
