-- Appends one event to one stream, without a key: what `@append` does for the ordinary request,
-- with the same locks in the same order.
--
-- `expected` is a version, -1 for "exists" or -2 for "any". Gives the id before the event, or -1
-- when the expectation does not hold; and the version of the stream before it.
create function @single(
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
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'an append needs the isolation level "read committed"'
            using errcode = 'invalid_transaction_state';
    end if;

    done := pg_advisory_xact_lock('@events'::regclass::oid::integer, lock) is null;
    before := coalesce((
        select e.version from @events e where e.stream = place order by e.version desc limit 1
    ), 0);
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
