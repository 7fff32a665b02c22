-- What came back of a dispatch: every mail counts once, by the gravest that was reported of it.
SELECT gravest, count(*)
FROM (
    SELECT b.row_id,
           CASE min(CASE b.kind WHEN 'complaint' THEN 1 WHEN 'hard' THEN 2 WHEN 'soft' THEN 3 WHEN 'delayed' THEN 4
                                WHEN 'auto_reply' THEN 5 WHEN 'unknown' THEN 6 ELSE 7 END)
                WHEN 1 THEN 'complaint' WHEN 2 THEN 'hard' WHEN 3 THEN 'soft' WHEN 4 THEN 'delayed'
                WHEN 5 THEN 'auto_reply' WHEN 6 THEN 'unknown' ELSE 'delivered' END AS gravest
    FROM delivery_bounce b
    WHERE b.dispatch_id = %s
    GROUP BY b.row_id
) mails
GROUP BY gravest
