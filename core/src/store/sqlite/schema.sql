-- Version 1 of the file. Names are interned; an event carries their numbers.

CREATE TABLE stream (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event (
    id      INTEGER PRIMARY KEY,
    stream  INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name    INTEGER NOT NULL,
    schema  INTEGER NOT NULL,
    created INTEGER NOT NULL, -- microseconds since 1970
    data    TEXT NOT NULL,
    meta    TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX event_stream ON event (stream, version);

-- Which runs of ids have a correlation. A run for each append keeps this far cheaper than an index
-- on the events: it is its own index, and a correlation that is a UUID of version 7 goes to its end.
CREATE TABLE correlated (
    key   BLOB NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (key, first)
) STRICT, WITHOUT ROWID;

-- One row: no id up to this one is given to an event again, even if the log is empty behind it.
CREATE TABLE floor (
    id INTEGER NOT NULL
) STRICT;

INSERT INTO floor VALUES (0);

CREATE TABLE keyed (
    key         TEXT NOT NULL PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    outcome     TEXT NOT NULL
) STRICT;

CREATE TABLE snapshot (
    stream      TEXT NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    state       TEXT NOT NULL
) STRICT;

CREATE TABLE view (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE document (
    view INTEGER NOT NULL,
    key  TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (view, key)
) STRICT;

CREATE TABLE lease (
    name   TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    token  INTEGER NOT NULL,
    until  TEXT NOT NULL
) STRICT;

-- What a person reads: `SELECT * FROM log` in the sqlite3 shell.
CREATE VIEW log AS
SELECT
    event.id,
    stream.name AS stream,
    event.version,
    name.name AS name,
    event.schema,
    strftime('%Y-%m-%dT%H:%M:%S', (created - (created % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
        || printf('.%06dZ', (created % 1000000 + 1000000) % 1000000) AS created,
    event.data,
    event.meta
FROM event
CROSS JOIN stream ON stream.id = event.stream
CROSS JOIN name ON name.id = event.name;
