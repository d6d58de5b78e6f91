select v.checkpoint, d.data
    from @views v
    left join @documents d on d.name = v.name and d.version = v.version and d.key = $3
    where v.name = $1 and v.version = $2
