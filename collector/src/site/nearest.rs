//! What somebody may have meant.

use super::complaint::{Said, said};

/// What to write instead of `name`: the nearest known one, or all.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Said {
    match meant(name, known.clone()) {
        Some(known) => said!("`{known}` ではありませんか？", "did you mean `{known}`?"),
        None => {
            let all: Vec<_> = known.map(|known| format!("`{known}`")).collect();
            let all = all.join(", ");
            said!("次のどれかにしてください：{all}", "use one of {all}")
        }
    }
}

/// The known name that `name` was meant to be, if it is near one.
pub(super) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (distance(name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3)
        .min()
        .map(|(_, known)| known)
}

/// How many characters to insert, delete or replace to make one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (at, d) in other.iter().enumerate() {
            let replaced = corner + usize::from(c != *d);
            corner = row[at + 1];
            row[at + 1] = replaced.min(corner + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_finds_the_key_that_was_meant() {
        let known = ["key", "languages", "consent_days", "visitor_days"];
        for (slip, meant) in [
            ("langauges", "languages"),
            ("consent-days", "consent_days"),
            ("visitors_days", "visitor_days"),
        ] {
            let remedy = nearest(slip, known.into_iter());
            assert_eq!(remedy.en, format!("did you mean `{meant}`?"));
        }
        let all = nearest("colour", known.into_iter());
        assert!(all.en.starts_with("use one of `key`, ") && all.ja.contains("`visitor_days`"));
    }
}
