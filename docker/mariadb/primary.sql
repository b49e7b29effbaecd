-- Run once, when the primary's volume is empty. The image has made database and user `app`, who holds
-- nothing global: with READ_ONLY ADMIN it could write on the replica, and replication would stop.

-- To see whether a replica's threads run.
GRANT SLAVE MONITOR ON *.* TO 'app'@'%';

CREATE USER 'replicator'@'%' IDENTIFIED BY 'replicator';
GRANT REPLICATION SLAVE ON *.* TO 'replicator'@'%';
