"""Background entry points."""

from procrastinate.contrib.django import app

from tashika.people import bulk_tagging, importing, search_index


@app.task
def check_import(import_id: int) -> None:
    """Look at a file."""
    importing.check(import_id=import_id)


@app.task
def run_import(import_id: int) -> None:
    """Import a file; killed and tried again it goes on where it was."""
    importing.run(import_id=import_id)


@app.task
def tag_in_bulk(bulk_id: int) -> None:
    """Tag very many; killed and tried again it goes on where it was."""
    bulk_tagging.run(bulk_id=bulk_id)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="people.mend_search_index")
def mend_search_index(timestamp: int) -> None:
    """A killed first import leaves contacts without their search index."""
    search_index.mend()
