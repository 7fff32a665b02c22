-- A process says that it lives and what it has counted. With the first word of a new one, those long gone are forgotten.
WITH long_gone AS (
    DELETE FROM core_process WHERE seen_at < now() - interval '1 day' AND id <> %(id)s
)
INSERT INTO core_process (id, kind, host, pid, started_at, seen_at, ended_at, says)
VALUES (%(id)s, %(kind)s, %(host)s, %(pid)s, now(), now(), CASE WHEN %(ended)s THEN now() END, %(says)s)
ON CONFLICT (id) DO UPDATE SET seen_at = now(), ended_at = excluded.ended_at, says = excluded.says
