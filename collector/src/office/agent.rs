//! What kind of browser it is, as its owner would say it: nothing finer is kept.

use crate::device::SYSTEMS;

/// Browsers by what stands in a user agent, the telling ones first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// `Firefox · Windows`, as far as it is known; else nothing.
#[must_use]
pub fn of(user_agent: &str) -> String {
    let browser = BROWSERS.iter().find(|(sign, _)| user_agent.contains(sign));
    let system = SYSTEMS.iter().find(|(sign, ..)| user_agent.contains(sign));
    let known = [browser.map(|(_, name)| *name), system.map(|(_, name, ..)| *name)];
    let known: Vec<_> = known.into_iter().flatten().collect();
    known.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_browser_is_named_and_nothing_finer() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!([edge, phone, "curl/8"].map(of), ["Edge · Windows", "Safari · iPhone", ""]);
    }
}
