"""Cells that a spreadsheet would run are written so that it does not."""

_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell as it can be exported: one that begins like a formula gets an apostrophe in front (ASVS 5.0 1.2.10). So do
    full-width signs, which a spreadsheet in Japanese takes for the sign itself."""
    return f"'{cell}" if cell[:1] in _SIGNS else cell
