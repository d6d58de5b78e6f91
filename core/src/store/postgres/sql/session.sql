-- Each statement has a snapshot of its own; the order of the log rests on it.
set default_transaction_isolation = 'read committed';
set default_transaction_read_only = off;
-- An append that is answered survives a crash.
select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') = 'off';
-- All queries go by an index; a plan made while a table was small must not outlive that.
set enable_seqscan = off;
set enable_bitmapscan = off;
set jit = off;
