//! Countries by their codes (ISO 3166-1), named as in Unicode's Common Locale Data Repository.

/// Code, Japanese, English; sorted by code.
const COUNTRIES: &str = include_str!("countries.tsv");

/// The names of a country, Japanese and English; `None` for what is no country's code.
pub(crate) fn names(code: &str) -> Option<(&'static str, &'static str)> {
    COUNTRIES.lines().find_map(|line| {
        let (japanese, english) = line.strip_prefix(code)?.strip_prefix('\t')?.split_once('\t')?;
        Some((japanese, english))
    })
}
