-- Checks that a worker may commit and moves the checkpoint on: whether its lease is the current
-- one, and the checkpoint that was found. It has moved if that is the expected one.
create function @advance(
    view_name text, view_version integer, expected bigint, target bigint,
    lease_name text, lease_holder text, lease_token bigint,
    out fenced boolean, out actual bigint)
language plpgsql volatile
as $$
begin
    fenced := false;
    if lease_name is not null then
        perform from @leases l
            where l.name = lease_name and l.holder = lease_holder and l.token = lease_token
            for share;
        if not found then
            fenced := true;
            return;
        end if;
    end if;
    insert into @views (name, version, checkpoint) values (view_name, view_version, 0)
        on conflict do nothing;
    select v.checkpoint into actual from @views v
        where v.name = view_name and v.version = view_version
        for update;
    if actual = expected then
        update @views v set checkpoint = target
            where v.name = view_name and v.version = view_version;
    end if;
end
$$;

-- Stores documents and checkpoint together, or nothing.
create function @commit(
    view_name text, view_version integer, expected bigint, target bigint,
    lease_name text, lease_holder text, lease_token bigint,
    put_keys text[], put_data text[], removed text[],
    out fenced boolean, out actual bigint)
language plpgsql volatile
as $$
begin
    select a.fenced, a.actual into fenced, actual
        from @advance(view_name, view_version, expected, target,
            lease_name, lease_holder, lease_token) a;
    if fenced or actual <> expected then
        return;
    end if;
    if cardinality(removed) > 0 then
        delete from @documents d
            where d.name = view_name and d.version = view_version and d.key = any (removed);
    end if;
    insert into @documents (name, version, key, data)
        select view_name, view_version, p.key, p.data from unnest(put_keys, put_data) p (key, data)
        on conflict (name, version, key) do update set data = excluded.data;
end
$$;
