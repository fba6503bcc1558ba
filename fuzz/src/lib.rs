//! What comes from outside, in every wrong form: each target says what must hold whatever its input is.
//!
//! `cargo xtask fuzz` searches for inputs that break one, guided by which code they reach. `corpus/TARGET/` holds what
//! it starts from; an input that once broke a target is put there too, and the test below tries each from then on.
//!
//! Inputs are texts in which `$NOW` and `$SECONDS`, `$SESSION` and `$VISITOR` stand for what is only known when a
//! target runs, so that an input means the same tomorrow.

#![expect(
    clippy::unwrap_used,
    reason = "a target that does not hold says where, and that is all it does"
)]

mod calls;
mod stack;
mod texts;

/// A target, ready for its inputs. It panics where what it says does not hold.
pub type Target = Box<dyn Fn(&[u8])>;

/// Makes a target ready.
pub type Start = fn() -> Target;

/// Every target, by its name.
pub const TARGETS: [(&str, Start); 10] = [
    ("bodies", calls::bodies),
    ("sessions", calls::sessions),
    ("consents", calls::consents),
    ("events", calls::events),
    ("leads", calls::leads),
    ("headers", calls::headers),
    ("queries", calls::queries),
    ("addresses", calls::addresses),
    ("sites", texts::sites),
    ("values", texts::values),
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_input_that_is_known_holds() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let folders = fs::read_dir(&corpus).unwrap().count();
        assert_eq!(folders, TARGETS.len(), "a folder a target, and no other");
        for (name, start) in TARGETS {
            let target = start();
            let mut inputs = 0;
            for file in fs::read_dir(corpus.join(name)).unwrap() {
                let path = file.unwrap().path();
                eprintln!("{}", path.display());
                target(&fs::read(&path).unwrap());
                inputs += 1;
            }
            assert!(inputs > 0, "{name} has something to start from");
        }
    }
}
