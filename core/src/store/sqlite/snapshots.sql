SELECT stream, version, id, fingerprint, state
FROM snapshot
WHERE ?1 IS NULL OR stream > ?1
ORDER BY stream
LIMIT ?2
