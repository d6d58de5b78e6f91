SELECT
    v.checkpoint,
    (SELECT d.data FROM document d WHERE d.view = v.id AND d.key = ?3)
FROM view v
WHERE v.name = ?1 AND v.version = ?2
