with removed as (
    delete from @events e
        where e.stream = $1
            and e.version < (select max(l.version) from @events l where l.stream = $1)
        returning e.id
)
select count(*) from removed
