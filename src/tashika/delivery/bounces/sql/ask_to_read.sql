-- Ask a worker to read what was kept, unless one has been asked and has not begun.
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
VALUES ('default', 'tashika.delivery.bounces.tasks.read', 0, 'bounces.read', 'bounces.read', '{}')
ON CONFLICT DO NOTHING
