"""Background entry points."""

from procrastinate.contrib.django import app

from tashika.people import importing


@app.task
def check_import(import_id: int) -> None:
    """Look at a file."""
    importing.check(import_id=import_id)


@app.task
def run_import(import_id: int) -> None:
    """Import a file; killed and tried again it goes on where it was."""
    importing.run(import_id=import_id)
