"""Pictures of the manuals stay as they are unless what they show has changed."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.browser import pictures


def _screen(*boxes: tuple[int, int, int, int]) -> bytes:
    image = Image.new("RGB", (1440, 900), "white")
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill="black")
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()


@pytest.mark.parametrize(
    ("box", "is_kept"), [((0, 0, 20, 20), True), ((0, 0, 200, 60), False)], ids=["a figure", "a button"]
)
def test_only_what_looks_different_is_written_anew(
    box: tuple[int, int, int, int], is_kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "01.png"
    monkeypatch.setenv("TASHIKA_PICTURES", "changed")
    pictures.keep(_screen(), path)
    first = path.read_bytes()
    pictures.keep(_screen(box), path)
    assert (path.read_bytes() == first) is is_kept
    monkeypatch.setenv("TASHIKA_PICTURES", "all")
    pictures.keep(_screen(box), path)
    assert path.read_bytes() != first
