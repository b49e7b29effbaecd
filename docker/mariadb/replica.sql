-- Run once, when the replica's volume is empty. It starts with the primary's first event, so database
-- and users arrive through replication; the threads start with the server.
CHANGE MASTER TO
    MASTER_HOST = 'mariadb-primary',
    MASTER_USER = 'replicator',
    MASTER_PASSWORD = 'replicator',
    MASTER_USE_GTID = slave_pos,
    MASTER_CONNECT_RETRY = 1,
    MASTER_SSL = 0,
    MASTER_SSL_VERIFY_SERVER_CERT = 0;
