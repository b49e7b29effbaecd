-- What instances of Aurora PostgreSQL answer, over a server of PostgreSQL.

CREATE SCHEMA aurora_simulation;

-- The functions that fail, under other names, for the simulation itself.
CREATE FUNCTION aurora_simulation.replayed() RETURNS pg_lsn LANGUAGE internal STABLE AS 'pg_last_wal_replay_lsn';
CREATE FUNCTION aurora_simulation.received() RETURNS pg_lsn LANGUAGE internal STABLE AS 'pg_last_wal_receive_lsn';
CREATE FUNCTION aurora_simulation.inserted() RETURNS pg_lsn LANGUAGE internal STABLE AS 'pg_current_wal_insert_lsn';
CREATE FUNCTION aurora_simulation.flushed() RETURNS pg_lsn LANGUAGE internal STABLE AS 'pg_current_wal_flush_lsn';

CREATE FUNCTION pg_catalog.aurora_version() RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT current_setting('server_version') || '.simulated' $$;

CREATE FUNCTION pg_catalog.aurora_db_instance_identifier() RETURNS varchar LANGUAGE sql STABLE
    AS $$ SELECT current_setting('aurora.instance')::varchar $$;

CREATE FUNCTION pg_catalog.aurora_replica_status() RETURNS TABLE (
    server_id text, session_id text, durable_lsn bigint, highest_lsn_rcvd bigint, current_read_lsn bigint,
    last_update_timestamp timestamptz, replica_lag_in_msec double precision)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    me text := current_setting('aurora.instance');
    is_reader boolean := pg_is_in_recovery();
    writer text := CASE WHEN is_reader THEN current_setting('aurora.writer') ELSE me END;
    former text := coalesce(current_setting('aurora.former_writer', true), '');
    age text;
    lag text;
BEGIN
    IF current_setting('aurora.fails', true) = 'on' THEN
        RAISE EXCEPTION 'the status of the instances is not there';
    END IF;
    FOREACH server_id IN ARRAY string_to_array(current_setting('aurora.instances'), ',') LOOP
        session_id := CASE WHEN server_id IN (writer, former) THEN 'MASTER_SESSION_ID'
                           ELSE md5(server_id)::uuid::text END;
        durable_lsn := NULL;
        highest_lsn_rcvd := NULL;
        current_read_lsn := NULL;
        replica_lag_in_msec := CASE WHEN server_id IN (writer, former) THEN NULL ELSE 20 END;
        age := CASE WHEN server_id = me THEN 'null'
                    WHEN server_id = former THEN '120'
                    WHEN server_id = writer THEN coalesce(current_setting('aurora.writer_age', true), '0.1')
                    ELSE coalesce(current_setting('aurora.reader_age', true), '0.1') END;
        last_update_timestamp := CASE WHEN age <> 'null' THEN clock_timestamp() - age::float8 * interval '1 s' END;
        IF server_id = me AND is_reader THEN
            durable_lsn := aurora_simulation.replayed() - '0/0';
            current_read_lsn := durable_lsn;
            highest_lsn_rcvd := aurora_simulation.received() - '0/0';
            lag := current_setting('aurora.lag', true);
            replica_lag_in_msec := CASE
                WHEN lag = 'null' THEN NULL
                WHEN lag <> '' THEN lag::float8
                WHEN aurora_simulation.received() IS NULL THEN 0
                WHEN aurora_simulation.received() <= aurora_simulation.replayed() THEN 0
                ELSE 1000 * extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END;
        ELSIF server_id = me THEN
            durable_lsn := aurora_simulation.flushed() - '0/0';
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION aurora_simulation.refuse(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Function % is currently not supported for Aurora', name USING ERRCODE = 'feature_not_supported';
END $$;

GRANT USAGE ON SCHEMA aurora_simulation TO PUBLIC;

-- A function that is built in stays what it is, whatever replaces it: it gets another name, and one that fails gets its.
DO $do$
DECLARE
    f regprocedure;
    name text;
BEGIN
    FOREACH f IN ARRAY ARRAY[
        'pg_last_wal_replay_lsn()', 'pg_last_wal_receive_lsn()', 'pg_current_wal_lsn()', 'pg_current_wal_insert_lsn()',
        'pg_current_wal_flush_lsn()', 'pg_control_system()', 'pg_control_checkpoint()', 'pg_control_recovery()',
        'pg_control_init()', 'pg_stat_get_wal_receiver()'
    ]::regprocedure[] LOOP
        SELECT proname INTO name FROM pg_proc WHERE oid = f;
        EXECUTE format('ALTER FUNCTION %s RENAME TO %I', f, name || '_of_postgresql');
        EXECUTE format(
            'CREATE FUNCTION pg_catalog.%I(%s) RETURNS %s LANGUAGE plpgsql STABLE AS '
            '$f$ BEGIN PERFORM aurora_simulation.refuse(%L); END $f$',
            name, pg_get_function_arguments(f), pg_get_function_result(f), name || '()');
    END LOOP;
END $do$;

-- What the kit itself asks, as a superuser, goes on.
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_wal_replay_lsn() RETURNS pg_lsn LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF session_user <> 'postgres' THEN
        PERFORM aurora_simulation.refuse('pg_last_wal_replay_lsn()');
    END IF;
    RETURN aurora_simulation.replayed();
END $$;

CREATE OR REPLACE FUNCTION pg_catalog.pg_current_wal_insert_lsn() RETURNS pg_lsn LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF session_user <> 'postgres' THEN
        RAISE EXCEPTION 'wal_level must be set to ''logical'''
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'WAL control functions cannot be executed when wal_level < logical.';
    END IF;
    RETURN aurora_simulation.inserted();
END $$;
