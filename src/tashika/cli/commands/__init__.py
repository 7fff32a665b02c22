"""The subcommands. A file has `HELP`, `configure(parser)` and `run(arguments) -> int`; optionally `NAME`,
`NEEDS_DJANGO = False` (then nothing of Django is imported at the top) and `PASSES_ON = True` (unknown words go on)."""
