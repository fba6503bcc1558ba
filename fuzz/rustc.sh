#!/bin/sh
# RUSTC_WORKSPACE_WRAPPER of `cargo xtask fuzz`: the compiler, told to count where the project's own code has been
# (the flags of cargo-fuzz that a stable compiler takes). Dependencies are the ordinary ones, built already; what
# they have of generic code is counted where the project uses it. Build scripts run without libFuzzer.
case " $* " in
*" --crate-name build_script_"* | *" -vV "* | *" --print"*) exec "$@" ;;
esac
exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    -Copt-level=1 -Cdebug-assertions=on -Ccodegen-units=4
