insert into @leases as held (name, holder, token, until)
    values ($1, $2, 1, $3)
    on conflict (name) do update set
        token = held.token + case when held.holder = excluded.holder then 0 else 1 end,
        holder = excluded.holder,
        until = excluded.until
    where held.holder = excluded.holder or held.until <= $4
    returning token
