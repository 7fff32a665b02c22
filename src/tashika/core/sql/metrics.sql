-- Figures of the ground and of the background jobs: name, labels, value. Partial indices find the jobs; none is counted
-- that has ended.
SELECT 'jobs_waiting', ARRAY[task_name::text], count(*)::float8
FROM procrastinate_jobs
WHERE status = 'todo' AND coalesce(scheduled_at, '-infinity') <= now()
GROUP BY task_name
UNION ALL
SELECT 'jobs_in_hand', ARRAY[task_name::text], count(*)
FROM procrastinate_jobs
WHERE status = 'doing' AND worker_id IS NOT NULL
GROUP BY task_name
UNION ALL
SELECT 'database_bytes', '{}', pg_database_size(current_database())
UNION ALL
SELECT 'wal_archived_timestamp_seconds', '{}', extract(epoch FROM last_archived_time)
FROM pg_stat_archiver
WHERE last_archived_time IS NOT NULL
