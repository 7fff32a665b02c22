-- Why a contact c may not get a mail of dispatch d (alias s: its suppression); '' where it may. The one place that judges (G5).
CASE
    WHEN c.id IS NULL THEN 'deleted'
    WHEN s.id IS NOT NULL AND s.reason = 'opt_out' THEN 'opted_out'
    WHEN c.consent = 'withdrawn' THEN 'opted_out'
    WHEN s.id IS NOT NULL THEN 'suppressed'
    WHEN d.commercial AND c.consent <> 'given' THEN 'no_consent'
    ELSE ''
END
