-- Who waits for whom: a host that was away waits for one that worked after it and has not been heard of since the database
-- started. If the database was put back meanwhile, that one knows more, and looks before anybody sends (G13). Permits are
-- renewed every second: what lies closer together was at work at the same time.
SELECT h.id AS host, o.id AS awaited
FROM delivery_host h
JOIN delivery_host o ON o.id <> h.id
WHERE h.armed_at IS NOT NULL
  AND o.armed_at IS NOT NULL
  AND o.seen_at < pg_postmaster_start_time()
  AND (SELECT max(seen_at) FROM delivery_sender WHERE home_id = o.id)
      > coalesce((SELECT max(seen_at) FROM delivery_sender WHERE home_id = h.id), '-infinity') + interval '3 seconds'
