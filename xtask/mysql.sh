#!/bin/sh
# Unpacks a MySQL server from Debian's packages into the directory $1; its starter is $1/bin/mysqld.
# Only Debian sid has MySQL. As root: debootstrap makes it a system of its own.
set -eu
suite=sid
root="$1/$suite"

if ! test -x "$1/bin/mysqld"; then
    if test "$(id -u)" != 0; then
        echo "only root can unpack Debian's packages apart from the machine's; with a MySQL of your own, set" \
            "MARIADB_BINDIR and run the tests by hand" >&2
        exit 1
    fi
    command -v debootstrap >/dev/null || apt-get install --yes --quiet --no-install-recommends debootstrap
    rm -rf "$root"
    debootstrap --variant=minbase --include=mysql-server-core "$suite" "$root"
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
