SELECT d.key, d.data
FROM document d
WHERE d.view = (SELECT v.id FROM view v WHERE v.name = ?1 AND v.version = ?2)
  AND d.key >= ?3
  AND (?4 IS NULL OR d.key < ?4)
  AND (?5 IS NULL OR d.key > ?5)
ORDER BY d.key
LIMIT ?6
