SELECT max((SELECT id FROM floor), coalesce((SELECT max(id) FROM event), 0))
