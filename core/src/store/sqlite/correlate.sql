INSERT INTO correlated (key, first, last) VALUES (?1, ?2, ?3)
