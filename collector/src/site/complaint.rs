//! What is wrong with a site file, in words for its owner.

use std::fmt::Write;

/// Something to put right in a site file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line it is about; the first is 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// All complaints about a file as lines for a terminal.
#[must_use]
pub fn report(file_name: &str, complaints: &[Complaint]) -> String {
    let mut text = String::new();
    for complaint in complaints {
        let Complaint { line, message, remedy } = complaint;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{file_name}:{line}: {message}\n  remedy: {remedy}");
    }
    text
}
