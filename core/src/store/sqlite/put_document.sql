INSERT INTO document (view, key, data) VALUES (?1, ?2, ?3)
ON CONFLICT (view, key) DO UPDATE SET data = excluded.data
