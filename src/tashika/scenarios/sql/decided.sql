-- Those at a decision who have done what it asks for since they entered: they go on by its yes branch at once.
UPDATE scenarios_enrolment e
SET verdict = 'yes', due_at = %(now)s
WHERE e.scenario_id = %(scenario)s
  AND e.node = %(node)s
  AND e.state = 'walking'
  AND e.verdict = ''
  AND (%(ids)s::bigint[] IS NULL OR e.id = ANY (%(ids)s::bigint[]))
  AND EXISTS (
      SELECT FROM activity_event ev
      WHERE ev.contact_id = e.contact_id AND ev.kind = %(kind)s AND ev.at >= e.entered_at
        AND coalesce(ev.mail_number::text, ev.detail ->> 'content', '') = %(subject)s
  )
