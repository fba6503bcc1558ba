//! Good examples, changed at random, for some time.

use std::time::{Duration, Instant};

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestError, TestRunner},
};

/// What programs stumble over.
const TOKENS: [&str; 28] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ".",
    "\n",
    "\0",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "\u{202e}",
    "足跡",
    "👣",
    "%00",
    "..",
    "'",
    "\"\":",
    "[[[[[[[[",
];

#[derive(Clone, Debug)]
enum Change {
    Put(Index, Vec<u8>),
    Cut(Index, usize),
    Flip(Index, u8),
    Repeat(Index, usize, usize),
    Swap(Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let token = prop::sample::select(&TOKENS[..]).prop_map(|token| token.as_bytes().to_vec());
    let bytes = prop_oneof![4 => token, 1 => prop::collection::vec(any::<u8>(), 1..8)];
    prop_oneof![
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Change::Cut(at, length)),
        (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (any::<Index>(), 1_usize..30, 1_usize..60)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        (any::<Index>(), any::<Index>(), 1_usize..30)
            .prop_map(|(from, to, length)| Change::Swap(from, to, length)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let size = bytes.len();
        if size == 0 {
            return;
        }
        match self {
            Self::Put(at, new) => {
                let at = at.index(size + 1);
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Cut(at, length) => {
                let at = at.index(size);
                bytes.drain(at..(at + length).min(size));
            }
            Self::Flip(at, bits) => bytes[at.index(size)] ^= bits,
            Self::Repeat(at, length, times) => {
                let at = at.index(size);
                let piece = bytes[at..(at + length).min(size)].repeat(*times);
                bytes.splice(at..at, piece);
            }
            Self::Swap(from, to, length) => {
                let from = from.index(size);
                let piece: Vec<_> = bytes[from..(from + length).min(size)].to_vec();
                let to = to.index(size);
                bytes.splice(to..(to + piece.len()).min(size), piece);
            }
        }
    }
}

/// One of the examples, with one to six changes; now and then nothing but noise.
pub(crate) fn mutated(seeds: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(seeds).prop_map(String::into_bytes);
    let changed = (seed, prop::collection::vec(change(), 1..6)).prop_map(|(mut bytes, changes)| {
        for change in changes {
            change.apply(&mut bytes);
        }
        bytes
    });
    prop_oneof![30 => changed, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

/// Tries `target` until the time is over.
pub(crate) fn fuzz(name: &str, strategy: impl Strategy<Value = Vec<u8>>, target: impl Fn(Vec<u8>)) {
    let seconds = std::env::var("ASHIATO_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(2));
    let mut cases = 0_u32;
    while Instant::now() < until {
        let config = Config {
            cases: 32,
            failure_persistence: None,
            max_shrink_time: 20_000,
            ..Config::default()
        };
        let tried = TestRunner::new(config).run(&strategy, |input| {
            target(input);
            Ok(())
        });
        match tried {
            Ok(()) => cases += 32,
            Err(TestError::Fail(reason, input)) => {
                panic!("{name}: {reason}\nfor {:?}", String::from_utf8_lossy(&input))
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
    println!("{name}: {cases} cases");
}
