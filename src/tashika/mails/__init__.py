"""Mails: the mail kind. Its draft, merge fields (Liquid), MJML, the text part, and compiling to bytes.

Pure: `merging`. Others call `mails.compiling.compile_mail`, `mails.previewing.preview`.
"""
