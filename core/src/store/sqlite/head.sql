SELECT s.id, coalesce((SELECT max(e.version) FROM event e WHERE e.stream = s.id), 0)
FROM stream s
WHERE s.name = ?1
