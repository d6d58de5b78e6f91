INSERT INTO snapshot (stream, version, id, fingerprint, state)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (stream) DO UPDATE
SET version = excluded.version, id = excluded.id,
    fingerprint = excluded.fingerprint, state = excluded.state
WHERE NOT (snapshot.fingerprint = excluded.fingerprint AND snapshot.version > excluded.version)
