SELECT (SELECT max(id) FROM event WHERE id <= ?1), (SELECT min(id) FROM event)
