select e.name = '$closed', e.created
    from @events e
    where e.stream = $1
    order by e.version desc
    limit 1
