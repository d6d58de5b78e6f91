-- Closed streams: nothing follows the event `$closed` in its stream. Both functions are those of
-- before, but for what has to do with `closed`.

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
-- stored, -1 when its key is known, the number of the write whose expectation does not hold, or
-- -1 less the number of the write whose stream is closed; and for each write the version of its
-- stream before it.
create or replace function @append(
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
    closed boolean[];
    ended boolean;
    closing integer[];
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
        select e.version, e.name = '$closed' into before, ended from @events e
            where e.stream = streams[1] order by e.version desc limit 1;
        versions[1] := coalesce(before, 0);
        closed[1] := ended;
    else
        select array_agg(coalesce(l.version, 0) order by s.slot), array_agg(l.closed order by s.slot)
            into versions, closed
            from unnest(streams) with ordinality s (stream, slot)
            left join lateral (
                select e.version, e.name = '$closed' as closed from @events e
                    where e.stream = s.stream order by e.version desc limit 1
            ) l on true;
    end if;
    if '$closed' = any (names) then
        select array_agg(e.owner) into closing
            from unnest(owners, names) e (owner, name) where e.name = '$closed';
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
            if verdict = 0 and counts[w] > 0 and closed[slots[w]] then
                verdict := -1 - w;
            end if;
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
                if w = any (closing) then
                    closed[slots[w]] := true;
                end if;
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

-- Appends one event to one stream, without a key: what `@append` does for the ordinary request,
-- with the same locks in the same order.
--
-- `expected` is a version, -1 for "exists" or -2 for "any". Gives the id before the event, -1 when
-- the expectation does not hold, or -2 when the stream is closed; and the version of the stream
-- before it.
create or replace function @single(
    lock integer, place text, expected bigint,
    event text, shape integer, moment timestamptz, cause bytea, payload text, extra text
)
returns bigint[]
language plpgsql volatile
as $$
declare
    done boolean;
    base bigint;
    before bigint;
    closed boolean;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'an append needs the isolation level "read committed"'
            using errcode = 'invalid_transaction_state';
    end if;

    done := pg_advisory_xact_lock('@events'::regclass::oid::integer, lock) is null;
    select e.version, e.name = '$closed' into before, closed from @events e
        where e.stream = place order by e.version desc limit 1;
    before := coalesce(before, 0);
    if closed then
        return array[-2, before];
    end if;
    if expected <> -2 and expected <> before and (expected <> -1 or before = 0) then
        return array[-1, before];
    end if;

    done := pg_advisory_lock('@snapshots'::regclass::oid::integer, 0) is null;
    base := pg_sequence_last_value('@ids'::regclass);
    done := pg_advisory_xact_lock_shared(
        '@keys'::regclass::oid::integer, (base >> 32)::integer) is null;
    done := pg_advisory_xact_lock_shared(
        '@ids'::regclass::oid::integer, base::bit(32)::integer) is null;
    done := setval('@ids'::regclass, base + 1) is null;
    done := pg_advisory_unlock('@snapshots'::regclass::oid::integer, 0);

    insert into @events (id, version, created, schema, stream, name, correlation, data, meta)
        values (base + 1, before + 1, moment, shape, place, event, cause, payload, extra);
    return array[base, before];
end
$$;
