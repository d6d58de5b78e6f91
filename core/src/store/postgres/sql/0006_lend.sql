-- SQL projections: a transaction is lent to methods of the user's, and must not end in between.

-- Whether the transaction that changes the row is lent at this moment. No other ever sees `true`.
alter table @views add column lent boolean not null default false;

-- Refuses a commit by whom the transaction was only lent to.
create function @refuse() returns trigger
language plpgsql volatile
as $$
begin
    perform from @views v where v.name = new.name and v.version = new.version and v.lent;
    if found then
        raise exception 'the transaction is lent to the projection "%", which may not commit it',
                new.name
            using errcode = 'invalid_transaction_termination';
    end if;
    return null;
end
$$;

create constraint trigger lent after insert or update on @views
    deferrable initially deferred
    for each row when (new.lent)
    execute function @refuse();

-- Begins a piece of work: one at a time for all versions of a projection. Nothing is lent when a
-- newer version is there, or the checkpoint is not the expected one; null expects none.
create function @lend(
    view_name text, view_version integer, expected bigint,
    out newest integer, out is_new boolean, out actual bigint, out number text)
language plpgsql volatile
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('@views ' || view_name, 0));
    select max(v.version) into newest from @views v where v.name = view_name;
    select v.checkpoint into actual from @views v
        where v.name = view_name and v.version = view_version
        for update;
    is_new := not found;
    actual := coalesce(actual, 0);
    if newest > view_version or actual <> expected then
        return;
    end if;
    insert into @views as v (name, version, checkpoint, lent)
        values (view_name, view_version, 0, true)
        on conflict (name, version) do update set lent = true;
    number := pg_current_xact_id()::text;
end
$$;

-- Forgets the versions before this one, or this one as well.
create function @forget(view_name text, up_to integer) returns void
language sql volatile
as $$
    delete from @documents d where d.name = view_name and d.version <= up_to;
    delete from @views v where v.name = view_name and v.version <= up_to;
$$;

-- Whether the transaction is still the one that was lent.
create function @check(number text) returns void
language plpgsql volatile
as $$
begin
    if pg_current_xact_id_if_assigned()::text is distinct from number then
        raise exception 'the transaction was ended by the projection that it was lent to'
            using errcode = 'invalid_transaction_termination';
    end if;
end
$$;

-- Takes the transaction back and moves the checkpoint on.
create function @settle(
    view_name text, view_version integer, target bigint, number text)
returns void
language plpgsql volatile
as $$
begin
    perform @check(number);
    update @views v set checkpoint = target, lent = false
        where v.name = view_name and v.version = view_version;
end
$$;
