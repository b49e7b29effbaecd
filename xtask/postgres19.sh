#!/bin/sh
# Unpacks PostgreSQL 19 from Debian's packages into the directory $1; its programs are in $1/19/bin.
# Until its release only Debian's experimental suite has it; from then on, sid.
set -eu
root="$1/19-sid"
home="$root/usr/lib/postgresql/19"

if ! test -e "$1/19"; then
    "$(dirname "$0")/sid.sh" "$root" PG_BINDIR
    sed 's/ sid / experimental /' "$root/etc/apt/sources.list" >"$root/etc/apt/sources.list.d/experimental.list"
    # Nothing else of experimental: its libraries need not fit together.
    printf '%s\n' 'Package: src:postgresql-19' 'Pin: release a=experimental' 'Pin-Priority: 990' \
        >"$root/etc/apt/preferences.d/postgresql"
    # A mirror that stands still is good enough here where it is for the machine.
    apt-config dump Acquire::Check-Valid-Until >"$root/etc/apt/apt.conf.d/valid-until"
    chroot "$root" apt-get clean
    chroot "$root" apt-get update --quiet
    chroot "$root" apt-get install --yes --quiet --no-install-recommends --download-only postgresql-19
    # Unpacked and not configured, so that nothing is started and no account is made.
    chroot "$root" dpkg --unpack --force-depends --recursive /var/cache/apt/archives
    chroot "$root" apt-get clean

    # In the place of each program, one that runs it with the libraries that it came with, whatever this
    # machine has. Programs look for each other and for their files from the place in their first argument.
    mv "$home/bin" "$home/programs"
    mkdir "$home/bin"
    for program in "$home"/programs/*; do
        starter="$home/bin/${program##*/}"
        cat >"$starter" <<END
#!/bin/sh
exec '$root'/lib64/ld-linux-*.so.* --argv0 '$starter' \\
    --library-path '$root/usr/lib/$(uname -m)-linux-gnu' '$program' "\$@"
END
        chmod 755 "$starter"
    done
    # Under its name only when all is there.
    ln -s 19-sid/usr/lib/postgresql/19 "$1/19"
fi

# Started by root, servers run as another account, which must get there.
run=
if test "$(id -u)" = 0; then
    run="runuser -u nobody --"
fi
if ! $run "$1/19/bin/postgres" --version; then
    echo "$1 must be open to other accounts, or CARGO_TARGET_DIR be set to a directory that is" >&2
    exit 1
fi
