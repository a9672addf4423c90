"""The local CSMS. `protocol`, `rpc`, `schemas`, `station` work alone, without HTTP and SQLite."""
