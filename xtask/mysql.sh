#!/bin/sh
# Unpacks a MySQL server from Debian's packages into the directory $1; its starter is $1/bin/mysqld.
# Only Debian sid has MySQL.
set -eu
root="$1/sid"

if ! test -x "$1/bin/mysqld"; then
    "$(dirname "$0")/sid.sh" "$root" MARIADB_BINDIR --include=mysql-server-core
    mkdir -p "$1/bin"
    # Starts the server with the libraries that it came with, whatever this machine has.
    cat >"$1/bin/mysqld.part" <<END
#!/bin/sh
root='$root'
END
    cat >>"$1/bin/mysqld.part" <<'END'
libraries="$root/usr/lib/$(uname -m)-linux-gnu"
exec "$root"/lib64/ld-linux-*.so.* \
    --library-path "$libraries:$root/usr/lib/mysql/private" \
    "$root/usr/sbin/mysqld" "$@" --basedir="$root/usr" --lc-messages-dir="$root/usr/share/mysql" \
    --character-sets-dir="$root/usr/share/mysql/charsets" --plugin-dir="$root/usr/lib/mysql/plugin"
END
    chmod 755 "$1/bin/mysqld.part"
    mv "$1/bin/mysqld.part" "$1/bin/mysqld"
fi
"$1/bin/mysqld" --no-defaults --version
