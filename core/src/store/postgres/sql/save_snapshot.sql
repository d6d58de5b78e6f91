insert into @snapshots as kept (stream, version, id, fingerprint, state)
    values ($1, $2, $3, $4, $5)
    on conflict (stream) do update set
        version = excluded.version,
        id = excluded.id,
        fingerprint = excluded.fingerprint,
        state = excluded.state
    where kept.fingerprint <> excluded.fingerprint or kept.version <= excluded.version
