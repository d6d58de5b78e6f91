SELECT
    s.id,
    coalesce(last.version, 0),
    CASE WHEN n.name = '$closed' THEN last.created END
FROM stream s
LEFT JOIN event last
    ON last.stream = s.id
    AND last.version = (SELECT max(e.version) FROM event e WHERE e.stream = s.id)
LEFT JOIN name n ON n.id = last.name
WHERE s.name = ?1
