PRAGMA page_size = 4096;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA cache_size = -32768;
PRAGMA mmap_size = 1073741824;
