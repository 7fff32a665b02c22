"""Pictures for the manuals: both widths, small files, and hardly a change where nothing has changed."""

import io
import os
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZES = {"": (1440, 900), "-phone": (390, 844)}
_ALIKE = 0.004  # share of pixels: figures that differ from run to run are below it, a moved button is not

# Moments are shown as if the run had begun on 24 November 2026 at 10:00, so that another run shows the same.
_MOMENTS = r"""(begun) => {
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const days = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
  const two = (n) => String(n).padStart(2, "0");
  const shift = Date.UTC(2026, 10, 24, 10) - Math.floor(begun / 60000) * 60000;
  const moved = (y, m, d, h, min, s) => new Date(Date.UTC(y, m, d, h, min, s ?? 0) + shift);
  const time = (at, s) => `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}` + (s ? `:${two(at.getUTCSeconds())}` : "");
  const japanese = (_, y, m, d, h, min, s) => {
    const at = moved(+y, m - 1, +d, +h, +min, s);
    return `${at.getUTCFullYear()}年${at.getUTCMonth() + 1}月${at.getUTCDate()}日(${"日月火水木金土"[at.getUTCDay()]}) ${time(at, s)}`;
  };
  const english = (_, d, month, y, h, min, s) => {
    const at = moved(+y, months.indexOf(month), +d, +h, +min, s);
    return `${days[at.getUTCDay()]} ${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()} ${time(at, s)}`;
  };
  window.shown ??= new WeakMap();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (window.shown.get(node) === node.data) continue;
    const words = node.data
      .replace(/(\d{4})年(\d+)月(\d+)日\(.\) (\d\d):(\d\d)(?::(\d\d))?/g, japanese)
      .replace(/[A-Z][a-z]{2} (\d+) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))?/g, english);
    if (words !== node.data) node.data = words;
    window.shown.set(node, node.data);
  }
}"""


def wanted() -> bool:
    """Whether this run takes pictures: `tashika screenshots` says so."""
    return bool(os.environ.get("TASHIKA_PICTURES"))


def take(page: Page, name: str, language: str, begun: float) -> None:
    """Keep a picture of the page at both widths. `begun` is when the run began, in Japan's time as milliseconds."""
    if not wanted():
        return
    for suffix, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0); document.activeElement?.blur()")
        page.evaluate(_MOMENTS, begun)
        keep(page.screenshot(animations="disabled", caret="hide"), FOLDER / f"{name}{suffix}{_of(language)}.png")
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[""], strict=True)))


def _of(language: str) -> str:
    return "" if language == "ja" else f"-{language}"


def keep(png: bytes, path: Path) -> None:
    """Write a picture of 256 colours, unless the one that is there looks the same. With `all`, always."""
    new = Image.open(io.BytesIO(png)).convert("RGB")
    if path.exists() and os.environ["TASHIKA_PICTURES"] != "all" and _alike(new, Image.open(path).convert("RGB")):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    few = new.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def _alike(new: Image.Image, old: Image.Image) -> bool:
    if new.size != old.size:
        return False
    difference = ImageChops.difference(new, old).convert("L").point(lambda value: 255 if value > 40 else 0)
    return difference.histogram()[255] < _ALIKE * new.size[0] * new.size[1]
