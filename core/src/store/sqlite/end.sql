SELECT e.stream, e.version, n.name
FROM event e
JOIN name n ON n.id = e.name
WHERE e.stream = (SELECT s.id FROM stream s WHERE s.name = ?1)
ORDER BY e.version DESC
LIMIT 1
