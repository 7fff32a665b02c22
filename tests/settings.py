"""Settings for tests: a real PostgreSQL in a folder of its own is started before Django's settings are read."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="tashika-test-"))
_folder.chmod(0o711)  # as root, the account that runs the server must be able to walk through
os.environ["TASHIKA_DATA"] = str(_folder)
os.environ.setdefault("TASHIKA_SECRET_KEY", "a key for tests only, never for anything else")
os.environ["TASHIKA_BASE_URL"] = "http://127.0.0.1:8000"

if not os.environ.get("DATABASE_URL"):
    from tashika.core.postgres import EmbeddedPostgres

    _postgres = EmbeddedPostgres(_folder / "postgresql")
    _postgres.start()
    atexit.register(_postgres.stop)

atexit.register(shutil.rmtree, _folder, True)

from tashika.core.settings import *  # noqa: E402, F403
