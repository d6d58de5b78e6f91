-- What a request gets to know of its writes: first id, last id and version of each.
create function @placed(base bigint, offsets bigint[], befores bigint[], counts integer[])
returns bigint[]
language sql immutable
as $$
    select coalesce(array_agg(part.number order by w.write, part.place), '{}')
        from unnest(offsets, befores, counts) with ordinality w (start, before, count, write),
            lateral (values
                (1, case when w.count = 0 then 0 else base + w.start + 1 end),
                (2, case when w.count = 0 then 0 else base + w.start + w.count end),
                (3, w.before + w.count)
            ) part (place, number)
$$;

-- Appends a group of requests, each with a verdict of its own.
--
--   locks         hashes of all streams and keys, sorted, each once
--   streams       each stream once; `slots` point into it
--   writes        for each request: how many writes it has
--   keys          for each request: its key, or null
--   fingerprints  for each request: its key's fingerprint, or null
--   slots         for each write: its stream
--   expected      for each write: a version, -1 for "exists", -2 for "any"
--   counts        for each write: how many events it has
--   owners        for each event: its write
--   numbers       for each event: its place in its write, from 1
--
-- Gives one list of numbers: `base`, the id before the first event; for each request 0 when it is
-- stored, -1 when its key is known, or else the number of the write whose expectation does not
-- hold; and for each write the version of its stream before it.
create function @append(
    locks integer[], streams text[],
    writes integer[], keys text[], fingerprints bytea[],
    slots integer[], expected bigint[], counts integer[],
    owners integer[], numbers integer[],
    names text[], schemas integer[], created timestamptz[], correlations bytea[],
    data text[], meta text[]
)
returns bigint[]
language plpgsql volatile
as $$
declare
    base bigint := 0;
    verdicts bigint[];
    befores bigint[];
    done boolean;
    known boolean[];
    versions bigint[];
    offsets bigint[];
    total bigint := 0;
    first integer := 1;
    last integer;
    verdict integer;
    before bigint;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'an append needs the isolation level "read committed"'
            using errcode = 'invalid_transaction_state';
    end if;

    -- Whoever holds the lock of a stream is alone with it until its commit is visible: every
    -- statement from here on has a snapshot that was taken later. Sorted, so without deadlock.
    for i in 1 .. cardinality(locks) loop
        done := pg_advisory_xact_lock('@events'::regclass::oid::integer, locks[i]) is null;
    end loop;

    if cardinality(streams) = 1 then
        select e.version into before from @events e
            where e.stream = streams[1] order by e.version desc limit 1;
        versions[1] := coalesce(before, 0);
    else
        select array_agg(coalesce((
                select e.version from @events e
                    where e.stream = s.stream order by e.version desc limit 1
            ), 0) order by s.slot)
            into versions
            from unnest(streams) with ordinality s (stream, slot);
    end if;
    if keys is not null then
        select array_agg(exists (select from @keys k where k.key = r.key) order by r.request)
            into known
            from unnest(keys) with ordinality r (key, request);
    end if;

    for request in 1 .. cardinality(writes) loop
        last := first + writes[request] - 1;
        verdict := 0;
        if known[request] then
            verdict := -1;
        end if;
        for w in first .. last loop
            before := versions[slots[w]];
            befores[w] := before;
            offsets[w] := -1;
            if verdict = 0 and expected[w] <> -2 and expected[w] <> before
                and (expected[w] <> -1 or before = 0)
            then
                verdict := w;
            end if;
        end loop;
        if verdict = 0 then
            for w in first .. last loop
                offsets[w] := total;
                total := total + counts[w];
                versions[slots[w]] := versions[slots[w]] + counts[w];
            end loop;
        end if;
        verdicts[request] := verdict;
        first := last + 1;
    end loop;

    if total > 0 then
        -- The locks of the base come before the ids exist; both in one short section, so that
        -- a base is never in the midst of a batch.
        done := pg_advisory_lock('@snapshots'::regclass::oid::integer, 0) is null;
        base := pg_sequence_last_value('@ids'::regclass);
        done := pg_advisory_xact_lock_shared(
            '@keys'::regclass::oid::integer, (base >> 32)::integer) is null;
        done := pg_advisory_xact_lock_shared(
            '@ids'::regclass::oid::integer, base::bit(32)::integer) is null;
        done := setval('@ids'::regclass, base + total) is null;
        done := pg_advisory_unlock('@snapshots'::regclass::oid::integer, 0);

        insert into @events (id, version, created, schema, stream, name, correlation, data, meta)
            select base + offsets[e.owner] + e.number, befores[e.owner] + e.number,
                    e.created, e.schema, streams[slots[e.owner]], e.name, e.correlation,
                    e.data, e.meta
                from unnest(owners, numbers, names, schemas, created, correlations, data, meta)
                    e (owner, number, name, schema, created, correlation, data, meta)
                where offsets[e.owner] >= 0;
    end if;

    if keys is not null then
        insert into @keys (key, fingerprint, placed)
            select r.key, r.fingerprint, @placed(
                    base, offsets[r.last - r.writes + 1 : r.last],
                    befores[r.last - r.writes + 1 : r.last], counts[r.last - r.writes + 1 : r.last])
                from (
                    select u.key, u.fingerprint, u.writes::integer, u.request,
                            (sum(u.writes) over (order by u.request))::integer as last
                        from unnest(keys, fingerprints, writes)
                            with ordinality u (key, fingerprint, writes, request)
                ) r
                where r.key is not null and verdicts[r.request] = 0;
    end if;

    return array[base] || verdicts || befores;
end
$$;
