-- Of these ledger rows, those whose person may still get the mail, judged as a claim judges (G5).
SELECT l.id
FROM delivery_ledger l
JOIN delivery_dispatch d ON d.id = l.dispatch_id
LEFT JOIN people_contact c ON c.id = l.contact_id
LEFT JOIN people_suppression s ON s.address_hash = l.address_hash
WHERE l.id = ANY (%s)
  AND CASE
          WHEN c.email_key <> l.address_key THEN 'address_changed'
          WHEN l.staff_id IS NOT NULL THEN (
              SELECT CASE WHEN u.email <> l.address THEN 'address_changed' ELSE {staff_eligibility} END
              FROM (SELECT) notice
              LEFT JOIN accounts_user u ON u.id = l.staff_id
              LEFT JOIN people_contact about ON about.id = l.about_id
          )
          ELSE {eligibility}
      END = ''
ORDER BY l.id
