SELECT
    (SELECT max(version) FROM event WHERE stream = ?2 AND version <= ?1),
    (SELECT min(version) FROM event WHERE stream = ?2)
