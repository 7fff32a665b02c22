"""Cells that a spreadsheet would run are written so that it does not."""


def harmless(cell: str) -> str:
    """A cell as it can be exported: one that begins like a formula gets an apostrophe in front (ASVS 5.0 1.2.10)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
