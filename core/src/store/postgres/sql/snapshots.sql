select stream, version, id, fingerprint, state
    from @snapshots
    where $1::text is null or stream > $1
    order by stream
    limit $2
