SELECT version, id, fingerprint, state FROM snapshot WHERE stream = ?1
