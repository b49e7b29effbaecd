# Started in a cluster's directory. Waits until the owner closes its end of the pipe (it drops the
# cluster, exits or is killed), then ends the cluster's servers and removes the directory.
cat >/dev/null
[ -f tags ] || exit 0

# Containers are removed whole; one that is paused would not hear a signal.
if [ -f containers ]; then
    ids=$(docker ps --all --quiet --filter "label=$(cat containers)" 2>/dev/null)
    [ -n "$ids" ] && docker rm --force --volumes $ids 2>/dev/null
fi

servers() {
    grep -lsF -f tags /proc/[0-9]*/cmdline | tr -dc '0-9\n'
}

signal() {
    pids=$(servers)
    [ -n "$pids" ] && kill "-$1" $pids 2>/dev/null
}

# A frozen process could not answer the next signal.
signal CONT
signal "$(cat signal)"
tries=0
while [ -n "$(servers)" ]; do
    tries=$((tries + 1))
    [ "$tries" -eq 250 ] && signal KILL
    [ "$tries" -gt 500 ] && exit 1
    sleep 0.01
done

# A PostgreSQL server that was killed leaves its lock file, and with it the name of its shared memory; in
# a container that is gone with it, and the name may be another's here.
[ -f containers ] || for file in node*/postmaster.pid; do
    [ -f "$file" ] || continue
    set -- $(sed -n 7p "$file")
    [ -n "$2" ] && ipcrm -m "$2" 2>/dev/null
done

dir=$(pwd -P)
cd / && rm -rf -- "$dir"
