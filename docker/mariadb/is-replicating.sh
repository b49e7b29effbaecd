#!/bin/sh
# Healthy: both threads run (a connection that is being retried is none), and what the primary's set-up
# made has arrived.
set -eu

status=$(mariadb --protocol=socket -u root -e 'SHOW SLAVE STATUS\G')
for thread in Slave_IO_Running Slave_SQL_Running; do
    printf '%s\n' "$status" | grep -qx " *$thread: Yes"
done
mariadb --protocol=tcp -h 127.0.0.1 -u app -papp -N -e 'SELECT @@global.read_only' app | grep -qx 1
