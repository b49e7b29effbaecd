#!/bin/sh
# rustdoc with its unstable options, on a stable toolchain. The libraries that XTASK_JSON names come out as JSON, beside an
# empty page: cargo takes that for the result.
export RUSTC_BOOTSTRAP=1
crate= out= before=
for word; do
    case $before in
    --crate-name) crate=$word ;;
    --out-dir | -o) out=$word ;;
    esac
    before=$word
done
case " $XTASK_JSON " in
*" $crate "*)
    rustdoc "$@" --output-format=json || exit
    mkdir -p "$out/$crate" && : >"$out/$crate/index.html"
    ;;
*) exec rustdoc "$@" ;;
esac
