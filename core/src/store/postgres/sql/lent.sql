-- What a session is set to whose transactions are lent to projections.
set default_transaction_isolation = 'read committed';
-- Each of them begins as `read write`; what is run outside of them cannot write.
set default_transaction_read_only = on;
