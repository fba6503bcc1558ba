//! The program that searches for what breaks a target: libFuzzer, with the target that `ASHIATO_FUZZ_TARGET` names.
//! `cargo xtask fuzz` builds and runs it.

#![no_main]
#![expect(clippy::panic, reason = "who names no target is told which there are")]

use std::cell::OnceCell;

use ashiato_fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

thread_local! {
    /// libFuzzer calls from one thread.
    static TARGET: OnceCell<Target> = const { OnceCell::new() };
}

fn named() -> Target {
    let name = std::env::var("ASHIATO_FUZZ_TARGET").unwrap_or_default();
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    let Some((_, start)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        panic!("ASHIATO_FUZZ_TARGET must be one of {}, not {name:?}", names.join(", "))
    };
    start()
}

fuzz_target!(|input: &[u8]| TARGET.with(|target| target.get_or_init(named)(input)));
