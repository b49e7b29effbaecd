#!/bin/sh
# Entry point of a standby: on an empty volume it copies the primary, then the image's own takes over.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # Elsewhere first: a copy that was interrupted must not look like a database.
    incoming="$PGDATA/incoming"
    install -d -o postgres -g postgres -m 700 "$PGDATA"
    find "$PGDATA" -mindepth 1 -delete
    install -d -o postgres -g postgres -m 700 "$incoming"
    source="host=postgres-primary user=replicator password=replicator application_name=$STANDBY_NAME"
    gosu postgres pg_basebackup --dbname="$source" --pgdata="$incoming" \
        --write-recovery-conf --wal-method=stream --checkpoint=fast
    # The file that marks a whole copy comes last.
    find "$incoming" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
    mv "$incoming/PG_VERSION" "$PGDATA"
    rmdir "$incoming"
fi

exec docker-entrypoint.sh "$@"
