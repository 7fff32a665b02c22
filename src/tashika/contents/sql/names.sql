-- The contents whose draft or versions name a content: by its ID as a value of their own, or by an edge that a
-- publication has kept. A seq scan of drafts and versions: contents are thousands, not millions.
WITH versions AS (
    SELECT v.content_id, v.number
    FROM contents_version v
    WHERE v.content_id <> %(content)s AND strpos(v.body::text, %(quoted)s) > 0
    UNION
    SELECT v.content_id, v.number
    FROM contents_use u
    JOIN contents_version used ON used.id = u.used_version_id AND used.content_id = %(content)s
    JOIN contents_version v ON v.id = u.user_version_id
)
SELECT k.id,
       strpos(k.draft::text, %(quoted)s) > 0 AND k.archived_at IS NULL AS in_draft,
       coalesce((SELECT array_agg(v.number ORDER BY v.number) FROM versions v WHERE v.content_id = k.id), '{}') AS numbers
FROM contents_content k
WHERE k.id <> %(content)s
  AND (strpos(k.draft::text, %(quoted)s) > 0 AND k.archived_at IS NULL
       OR EXISTS (SELECT 1 FROM versions v WHERE v.content_id = k.id))
