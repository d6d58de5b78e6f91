select pg_advisory_xact_lock(hashtextextended('actum keys', 0));
create schema if not exists $schema;
-- Collated by bytes, as keys are listed.
create table if not exists @subjectkeys (
    subject text collate "C" primary key,
    generation bigint not null,
    -- Both are null when the subject was forgotten.
    envelope text,
    wrapped bytea,
    -- Whether the log was told of it.
    told boolean not null,
    check ((envelope is null) = (wrapped is null))
);
create index if not exists $untold on @subjectkeys (subject) where wrapped is null and not told;
