-- Stores events of another log with the ids they bring.
--
--   after         nothing in the log may lie behind this id
--   locks         hashes of all streams and keys, sorted, each once
--   streams       each stream once; `befores` has the version it must be at
--   keys          with `fingerprints`, and `placed` as texts of arrays
--   owners        for each event: its stream, as a place in `streams`
--
-- Gives `{0}` when all is stored; `{-1, id}` when the log has more events, up to that id, or an
-- append may still bring some; `{-2, stream, version}` for a stream that is at another version;
-- `{-3, key}` for a key that was used with another fingerprint. Nothing is stored then.
create function @restore(
    after bigint, locks integer[], streams text[], befores bigint[],
    keys text[], fingerprints bytea[], placed text[],
    owners integer[], ids bigint[], versions bigint[],
    names text[], schemas integer[], created timestamptz[], correlations bytea[],
    data text[], meta text[]
)
returns bigint[]
language plpgsql volatile
as $$
declare
    done boolean;
    last bigint;
    drawn bigint;
    place bigint;
    actual bigint;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a restore needs the isolation level "read committed"'
            using errcode = 'invalid_transaction_state';
    end if;
    for i in 1 .. cardinality(locks) loop
        done := pg_advisory_xact_lock('@events'::regclass::oid::integer, locks[i]) is null;
    end loop;
    -- Until this commit is visible nobody draws an id, so none gets in between.
    done := pg_advisory_xact_lock('@snapshots'::regclass::oid::integer, 0) is null;
    drawn := pg_sequence_last_value('@ids'::regclass);

    if exists (select from @holding()) then
        return array[-1, drawn];
    end if;
    select coalesce(max(e.id), 0) into last from @events e;
    if last > after then
        return array[-1, last];
    end if;
    select w.place, w.actual into place, actual
        from (
            select s.place, s.before, coalesce((
                    select e.version from @events e
                        where e.stream = s.stream order by e.version desc limit 1
                ), 0) as actual
                from unnest(streams, befores) with ordinality s (stream, before, place)
        ) w
        where w.actual <> w.before order by w.place limit 1;
    if found then
        return array[-2, place, actual];
    end if;
    select w.place into place
        from unnest(keys, fingerprints) with ordinality w (key, fingerprint, place)
        join @keys k on k.key = w.key
        where k.fingerprint <> w.fingerprint order by w.place limit 1;
    if found then
        return array[-3, place];
    end if;

    insert into @events (id, version, created, schema, stream, name, correlation, data, meta)
        select e.id, e.version, e.created, e.schema, streams[e.owner], e.name, e.correlation,
                e.data, e.meta
            from unnest(owners, ids, versions, names, schemas, created, correlations, data, meta)
                e (owner, id, version, name, schema, created, correlation, data, meta);
    insert into @keys (key, fingerprint, placed)
        select w.key, w.fingerprint, w.placed::bigint[]
            from unnest(keys, fingerprints, placed) w (key, fingerprint, placed)
        on conflict (key) do nothing;
    done := setval('@ids'::regclass, greatest(drawn, ids[cardinality(ids)])) is null;
    return array[0];
end
$$;
