#!/bin/sh
# Makes the directory $1 a system of Debian sid, which holds servers that no stable release has; further
# arguments are debootstrap's. $2 names the environment variable that leads the tests to another server.
set -eu
root="$1"
variable="$2"
shift 2

if test "$(id -u)" != 0; then
    echo "only root can unpack Debian's packages apart from the machine's; with a server of your own, set" \
        "$variable and run the tests by hand" >&2
    exit 1
fi
command -v debootstrap >/dev/null || apt-get install --yes --quiet --no-install-recommends debootstrap
rm -rf "$root"
debootstrap --variant=minbase "$@" sid "$root"
