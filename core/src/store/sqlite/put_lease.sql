INSERT INTO lease (name, holder, token, until) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, token = excluded.token, until = excluded.until
