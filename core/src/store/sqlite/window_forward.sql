SELECT (SELECT min(id) FROM event WHERE id >= ?1), (SELECT max(id) FROM event)
