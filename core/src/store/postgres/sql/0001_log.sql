-- The log. `@name` stands for the object of that name, with schema and prefix.
--
-- Advisory locks, all of the form (class, object), so that other users of advisory locks and other
-- logs in the same database do not meet them:
--
--   class        object                     mode                     until
--   @events      hash of a stream or key    exclusive                commit
--   @snapshots   0: drawing ids             exclusive                the ids are drawn
--   @keys        high half of the base      shared                   commit
--   @ids         low half of the base       shared                   commit
--
-- where the base is the last id drawn before. `docs/postgres.md` tells why that keeps the order.

create sequence @ids as bigint minvalue 0 start with 0 cache 1;
-- From here on `last_value` is the last id drawn; the first one is 1.
select setval('@ids', 0, true);

create table @events (
    id bigint primary key,
    version bigint not null,
    created timestamptz not null,
    schema integer not null,
    stream text collate "C" not null,
    name text collate "C" not null,
    -- The bytes of a text that may have NUL characters, which `text` may not.
    correlation bytea,
    data text collate "C" not null,
    meta text collate "C" not null,
    unique (stream, version)
);
create index on @events (correlation, id) where correlation is not null;

create table @keys (
    key text collate "C" primary key,
    fingerprint bytea not null,
    placed bigint[] not null,
    created timestamptz not null default now()
);

create table @snapshots (
    stream text collate "C" primary key,
    version bigint not null,
    id bigint not null,
    fingerprint text collate "C" not null,
    state text collate "C" not null
);

create table @leases (
    name text collate "C" primary key,
    holder text collate "C" not null,
    token bigint not null,
    until timestamptz not null
);

create table @views (
    name text collate "C" not null,
    version integer not null,
    checkpoint bigint not null,
    primary key (name, version)
);

create table @documents (
    name text collate "C" not null,
    version integer not null,
    key text collate "C" not null,
    data text collate "C" not null,
    primary key (name, version, key)
);
