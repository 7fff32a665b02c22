"""Mails: the mail kind. Its draft, merge fields (Liquid), MJML, the text part, and compiling to bytes.

Pure: everything but `merge_values`, `drafting` and `previewing`. Others call `compiling.compile_mail` and
`compiling.compiled` (a version's bytes for one recipient), `merge_values.values_sql` (what planning records),
`drafting.problems` (what stands against sending) and `previewing.preview`.
"""
