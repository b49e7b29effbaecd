#!/bin/sh
# Run once, when the primary's volume is empty: the application's role, and the standbys'.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname app <<'SQL'
CREATE ROLE app LOGIN PASSWORD 'app';
ALTER DATABASE app OWNER TO app;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'replicator';
SQL

# The image's own line lets nobody replicate: "all" databases do not include replication.
echo 'host replication replicator samenet scram-sha-256' >>"$PGDATA/pg_hba.conf"
