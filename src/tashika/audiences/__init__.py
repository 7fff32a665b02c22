"""Audiences: segments. A rule tree is compiled to SQL; anybody can ask why a contact matches.

Pure: `rules`. Others call `audiences.matching.count/sample/ids_sql/why`.
"""
