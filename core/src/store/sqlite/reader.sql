PRAGMA query_only = ON;
PRAGMA cache_size = -8192;
PRAGMA mmap_size = 1073741824;
