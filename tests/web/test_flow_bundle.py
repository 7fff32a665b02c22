"""The canvas' bundle belongs to the sources beside it, so that what is reviewed is what runs."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "frontend" / "flow"
BUNDLE = ROOT / "src" / "tashika" / "web" / "static" / "web" / "flow"


def test_the_bundle_was_built_from_these_sources() -> None:
    names = [path.relative_to(SOURCES).as_posix() for path in (SOURCES / "src").rglob("*") if path.is_file()]
    names += ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"]
    found = hashlib.sha256()
    for name in sorted(names):
        found.update(f"{name}\0".encode() + (SOURCES / name).read_bytes())
    assert (BUNDLE / "sources.sha256").read_text().strip() == found.hexdigest(), "npm run build in frontend/flow"


def test_every_bundled_library_has_its_licence_beside_it() -> None:
    licences = (BUNDLE / "licenses.md").read_text()
    for library in ("@dagrejs/dagre", "@xyflow/react", "preact"):
        assert f"## {library} " in licences
    assert "GPL" not in licences
