select d.key, d.data
    from @documents d
    where d.name = $1 and d.version = $2
        and d.key >= $3
        and ($4::text is null or d.key < $4)
        and ($5::text is null or d.key > $5)
    order by d.key
    limit $6
