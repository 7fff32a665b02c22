"""Contents: what a person sets and a delivery depends on.

Six kinds (scenario S, segment G, mail M, landing page L, form F, document D), one mechanism: an ID that one can read
out on the phone, a draft, immutable numbered versions, and a freeze. Others call `contents.drafting.create/save`,
`contents.versions.keep`, `contents.queries.by_public_id`.
"""
