#!/bin/sh
# Gives the test kits the images they ask for: the official ones, else stand-ins built here from Debian's packages.
# As root where even Debian's own image can't be pulled: then debootstrap makes one like it.
set -eu
stand_in=diesel-routing-testkit:local
base=debian:bookworm-slim
own_base=diesel-routing-testkit-base:local

is_here() { docker image inspect "$1" >/dev/null 2>&1; }
is_had() { is_here "$1" || { echo "pulling $1"; docker pull --quiet "$1"; }; }

if ! docker version >/dev/null; then
    echo "no container engine answers; install Docker, start it, and see that \`docker version\` works" >&2
    exit 1
fi
for pair in postgres:17=diesel-routing-testkit-postgres:local mariadb:11.8=diesel-routing-testkit-mariadb:local; do
    image="${pair%%=*}"
    if ! is_had "$image"; then
        if is_here "$own_base" || ! is_had "$base"; then
            base="$own_base"
        fi
        if ! is_here "$base"; then
            command -v debootstrap >/dev/null || apt-get install --yes --quiet --no-install-recommends debootstrap
            root="$(mktemp -d)"
            debootstrap --variant=minbase bookworm "$root"
            tar --directory "$root" --create . | docker import - "$own_base"
            rm -rf "$root"
        fi
        docker build --network host --tag "$stand_in" --build-arg BASE="$base" docker/testkit
        echo "note: $image could not be pulled; $stand_in stands in for it"
        image="$stand_in"
    fi
    docker tag "$image" "${pair##*=}"
done
