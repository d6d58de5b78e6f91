CREATE TABLE IF NOT EXISTS subject_key (
    subject TEXT PRIMARY KEY NOT NULL,
    generation INTEGER NOT NULL,
    -- Both are null when the subject was forgotten.
    envelope TEXT,
    wrapped BLOB,
    -- Whether the log was told of it.
    told INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS untold ON subject_key (subject) WHERE wrapped IS NULL AND told = 0;
