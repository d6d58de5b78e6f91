with forgotten as (
    delete from @views v where v.name = $1 and v.version = $2
)
delete from @documents d where d.name = $1 and d.version = $2
