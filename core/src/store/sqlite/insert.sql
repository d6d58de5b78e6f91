INSERT INTO event (id, stream, version, name, schema, created, data, meta)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
