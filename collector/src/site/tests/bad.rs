//! What is refused, where, and with which remedy.

use super::*;

/// A change of the shop's file that is refused.
struct Case<'a> {
    from: String,
    to: String,
    place: &'a str,
    message: &'a str,
    remedy: &'a str,
}

impl<'a> Case<'a> {
    fn all(text: &'a str) -> Vec<Self> {
        let lines: Vec<_> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let case = |lines: &[&'a str]| {
            let after = |at: usize, mark: &str| {
                let line = lines[at].strip_prefix(mark);
                line.unwrap_or_else(|| panic!("not {mark}: {}", lines[at])).trim_start()
            };
            Case {
                from: after(0, "-").replace('⏎', "\n"),
                to: after(1, "+").replace('⏎', "\n"),
                place: after(2, "@"),
                message: after(3, "!"),
                remedy: after(4, "?"),
            }
        };
        lines.chunks_exact(5).map(case).collect()
    }

    fn line(&self, text: &str) -> usize {
        let (place, above) = match self.place.strip_prefix('^') {
            Some(below) => (below, 1),
            None => (self.place, 0),
        };
        let found = text.lines().position(|line| line.contains(place));
        1 + found.unwrap_or_else(|| panic!("{place} is on no line")) - above
    }
}

#[test]
fn every_fault_is_named_alone_with_its_line_and_remedy() {
    let cases = Case::all(include_str!("refused.txt"));
    assert!(cases.len() > 70);
    let mut failed = String::new();
    for case in cases {
        let text = changed(&case.from, &case.to);
        let Err(complaints) = parse(&text) else {
            panic!("taken: {}", case.to);
        };
        let right = match complaints.as_slice() {
            [Complaint { line, message, remedy }] => {
                *line == case.line(&text)
                    && message.contains(case.message)
                    && remedy.contains(case.remedy)
            }
            _ => false,
        };
        if !right {
            let line = case.line(&text);
            failed += &format!("{} (line {line}): {}\n", case.to, report("shop.toml", &complaints));
        }
    }
    assert!(failed.is_empty(), "{failed}");
}
