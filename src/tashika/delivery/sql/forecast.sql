-- How many of an audience would get a mail and how many not, by reason.
SELECT judged.why, count(*)
FROM (SELECT %s::boolean AS commercial) d
JOIN people_contact c ON c.id IN ({audience})
LEFT JOIN people_suppression s ON s.address_hash = c.address_hash
CROSS JOIN LATERAL (SELECT {eligibility} AS why) judged
GROUP BY judged.why
