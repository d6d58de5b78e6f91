-- The appends that have drawn ids, or are about to, and have not ended: who, since when, and the
-- base, which is the last id before theirs.
--
-- One that shows no high half is letting its locks go: its end is visible already.
create function @holding(
    out pid integer, out application text, out since timestamptz, out base bigint)
returns setof record
language sql volatile
as $$
    with held as materialized (
        select l.pid, l.virtualtransaction, l.classid, l.objid
            from pg_locks l
            where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
                and l.mode = 'ShareLock'
                and l.database = (select d.oid from pg_database d
                    where d.datname = current_database())
    )
    select low.pid, a.application_name, a.xact_start,
            (high.objid::bigint << 32) | low.objid::bigint
        from held low
        join held high using (virtualtransaction)
        left join pg_stat_activity a on a.pid = low.pid
        where low.classid = '@ids'::regclass and high.classid = '@keys'::regclass
$$;

-- The highest id up to which all is settled and seen.
--
-- Three statements, each under a snapshot of its own, in this order: what was drawn, who still
-- holds a base, what is there.
create function @head(out head bigint)
language plpgsql volatile
as $$
declare
    drawn bigint;
    safe bigint;
begin
    if pg_is_in_recovery() then
        raise exception 'a standby does not know which appends are open: read from the primary'
            using errcode = 'invalid_transaction_state';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a read needs the isolation level "read committed"'
            using errcode = 'invalid_transaction_state';
    end if;
    drawn := pg_sequence_last_value('@ids'::regclass);
    with held as materialized (
        select l.virtualtransaction, l.classid, l.objid
            from pg_locks l
            where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
                and l.mode = 'ShareLock'
                and l.database = (select d.oid from pg_database d
                    where d.datname = current_database())
    )
    select least(drawn, min((high.objid::bigint << 32) | low.objid::bigint)) into safe
        from held low
        join held high using (virtualtransaction)
        where low.classid = '@ids'::regclass and high.classid = '@keys'::regclass;
    select coalesce(max(e.id), 0) into head from @events e where e.id <= safe;
end
$$;
