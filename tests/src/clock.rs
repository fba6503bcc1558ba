//! The time of day as a process under test reads it, set by the test while that process runs.
//!
//! A shared object of a few lines of C stands before the C library's `clock_gettime`, in that process alone: what
//! reads the clock there is the program as it is. It is compiled by the compiler that SQLite is compiled by.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::Data;

/// A clock that collectors can be started under.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    /// What it is off by, in seconds.
    off: PathBuf,
}

impl Clock {
    /// One that goes right.
    ///
    /// # Panics
    /// Where there is no C compiler.
    #[must_use]
    pub fn new(data: &Data) -> Self {
        let clock = Self { library: data.path("clock.so"), off: data.path("clock") };
        let source = data.path("clock.c");
        fs::write(&source, include_str!("clock.c")).expect("the folder can be written");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&clock.library, &source])
            .stdin(Stdio::null())
            .status();
        assert!(compiled.expect("`cc` is installed").success(), "the clock is not compiled");
        clock.set(0);
        clock
    }

    /// Sets it so many seconds off the system's, from this moment on.
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn set(&self, seconds: i64) {
        // A reader finds the whole of the one or of the other.
        let new = self.off.with_extension("new");
        fs::write(&new, seconds.to_string()).expect("the folder can be written");
        fs::rename(&new, &self.off).expect("the folder can be written");
    }

    /// The environment of a process that reads it.
    ///
    /// # Panics
    /// Where the path of the temporary folder is no text.
    #[must_use]
    pub fn environment(&self) -> [(&str, &str); 2] {
        [
            ("LD_PRELOAD", self.library.to_str().expect("the path is text")),
            ("ASHIATO_TEST_CLOCK", self.off.to_str().expect("the path is text")),
        ]
    }
}
