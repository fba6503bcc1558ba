//! What kind of device calls: as its browser says, and nothing finer. Headers are looked at and forgotten.
//!
//! An iPad whose browser asks for pages as they are on a computer, as iPadOS has it by default, says that it is a Mac,
//! and counts as a computer: it cannot be told from one.

/// A kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// Not known, or none of the others: a television, a game console.
    #[default]
    Unknown,
    /// A telephone.
    Phone,
    /// A tablet.
    Tablet,
    /// A computer.
    Computer,
}

/// Systems by what stands in a user agent, the telling ones first: the sign, their name, what they run on, and what where
/// the user agent is a mobile one.
pub const SYSTEMS: [(&str, &str, Device, Device); 7] = [
    ("iPhone", "iPhone", Device::Phone, Device::Phone),
    ("iPad", "iPad", Device::Tablet, Device::Tablet),
    ("Android", "Android", Device::Tablet, Device::Phone),
    ("Windows", "Windows", Device::Computer, Device::Computer),
    ("Mac OS X", "Mac", Device::Computer, Device::Computer),
    ("CrOS", "ChromeOS", Device::Computer, Device::Computer),
    ("Linux", "Linux", Device::Computer, Device::Phone),
];

/// Signs of televisions, game consoles, headsets, cars and readers, whose system is one of the others.
const APART: [&str; 17] = [
    "SMART-TV",
    "SmartTV",
    "Smart TV",
    "Android TV",
    "GoogleTV",
    "Google TV",
    "BRAVIA",
    "; AFT",
    "CrKey",
    "Web0S",
    "HbbTV",
    "VIERA",
    "Xbox",
    "PlayStation",
    "Nintendo",
    "OculusBrowser",
    "Tesla/",
];
/// Bytes of a user agent that are looked at; what tells stands in its beginning.
const LOOKED_AT: usize = 1_024;

impl Device {
    /// By `Sec-CH-UA-Mobile` (User-Agent Client Hints, section 3.3: `?1` or `?0`) and `User-Agent`, whatever stands in them.
    #[must_use]
    pub fn of(mobile: Option<&[u8]>, agent: Option<&[u8]>) -> Self {
        let agent = agent.unwrap_or_default();
        let agent = String::from_utf8_lossy(agent.get(..LOOKED_AT).unwrap_or(agent));
        if APART.iter().any(|sign| agent.contains(sign)) {
            return Self::Unknown;
        }
        let hint = match mobile {
            Some(b"?1") => Some(true),
            Some(b"?0") => Some(false),
            _ => None,
        };
        let is_mobile = hint.unwrap_or_else(|| agent.contains("Mobi"));
        match SYSTEMS.iter().find(|(sign, ..)| agent.contains(sign)) {
            Some((.., mobile)) if is_mobile => *mobile,
            Some((.., usual, _)) => *usual,
            None if hint == Some(true) => Self::Phone,
            None => Self::Unknown,
        }
    }

    /// Its name, as it is stored and told; nothing where it is not known.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Computer => "computer",
        }
    }
}

/// A kind of device by its name ([`Device::as_str`]), as people read it: in Japanese, and in English.
#[must_use]
pub fn words(name: &str) -> (&'static str, &'static str) {
    match name {
        "phone" => ("スマートフォン", "Phone"),
        "tablet" => ("タブレット", "Tablet"),
        "computer" => ("パソコン", "Computer"),
        _ => ("不明", "Not known"),
    }
}

/// The name of a kind of device as somebody writes it: the name itself, or what it reads in either language. What is none
/// of them stays as it is written, and is no device.
#[must_use]
pub fn named(written: &str) -> &str {
    let all = [Device::Phone, Device::Tablet, Device::Computer, Device::Unknown];
    let is = |name: &&str| {
        let (japanese, english) = words(name);
        written == japanese || [english, name].iter().any(|own| written.eq_ignore_ascii_case(own))
    };
    all.into_iter().map(Device::as_str).find(is).unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::{Device::*, *};

    fn of(agent: &str) -> Device {
        Device::of(None, Some(agent.as_bytes()))
    }

    const CHROME: &str = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";
    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";

    #[test]
    fn a_device_is_told_by_its_user_agent() {
        let android = "Mozilla/5.0 (Linux; Android 10; K)";
        for (agent, device) in [
            (format!("{IPHONE} Version/26.0 Mobile/15E148 Safari/604.1"), Phone),
            (format!("{IPHONE} Mobile/15E148 Safari Line/15.18.0"), Phone),
            (format!("{IPHONE} Mobile/15E148 YJApp-IOS jp.co.yahoo.ipn.appli/4.150.0"), Phone),
            (format!("{android} {CHROME} Mobile Safari/537.36"), Phone),
            (format!("{android} {CHROME} Safari/537.36"), Tablet),
            (
                "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0".to_owned(),
                Phone,
            ),
            (
                "Mozilla/5.0 (Android 15; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0".to_owned(),
                Tablet,
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 14; SO-53C Build/67.2.A.2.2; wv) {CHROME} Mobile Safari/537.36 Line/15.18.0/IAB"
                ),
                Phone,
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) {CHROME} Mobile Safari/537.36 YJApp-ANDROID jp.co.yahoo.android.yjtop/3.180.0"
                ),
                Phone,
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 11; KFTRWI) {CHROME} Silk/142.4.1 like Chrome/142.0.0.0 Safari/537.36"
                ),
                Tablet,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1".to_owned(),
                Tablet,
            ),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36"), Computer),
            (
                // Made for telephones by its name, and running on Windows all the same.
                format!("Mozilla/5.0 (Windows NT 10.0; WOW64) {CHROME} Safari/537.36 SE 2.X MetaSr 1.0 SogouMobileBrowser/6"),
                Computer,
            ),
            (
                "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0; Tablet PC 2.0)".to_owned(),
                Computer,
            ),
            (
                "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 Mobile Safari/537.36 Edge/15.15254".to_owned(),
                Phone,
            ),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36"), Computer),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36"), Computer),
            (
                "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
                Computer,
            ),
            ("Mozilla/5.0 (Linux; Tizen 2.3; SAMSUNG SM-Z130H) AppleWebKit/537.3 Mobile Safari/537.3".to_owned(), Phone),
        ] {
            assert_eq!(of(&agent), device, "{agent}");
        }
    }

    #[test]
    fn an_ipad_that_asks_as_a_computer_cannot_be_told_from_a_mac() {
        let both = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
        assert_eq!(of(both), Computer);
    }

    #[test]
    fn what_is_none_of_them_is_not_known() {
        for agent in [
            "",
            "curl/8.14.1",
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0 Safari/537.36 WebAppManager",
            "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36",
            "Mozilla/5.0 (Linux; Android 10; BRAVIA 4K VH2 Build/QTG3.200305.006; wv) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; AFTS; wv) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (PlayStation; PlayStation 5/10.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
            "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474",
            "Mozilla/5.0 (New Nintendo 3DS like iPhone) AppleWebKit/536.30 (KHTML, like Gecko) NX/3.0.0.5.24 Mobile NintendoBrowser/1.13.10166.JP",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
            "Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/40.0 Chrome/142.0.0.0 VR Safari/537.36",
            "🫖🫖🫖 ?1 ' OR 1=1 --",
        ] {
            assert_eq!(of(agent), Unknown, "{agent}");
        }
        assert_eq!(Device::of(None, None), Unknown);
    }

    #[test]
    fn whatever_bytes_stand_there_only_the_beginning_is_looked_at() {
        let with = |bytes: &[u8]| Device::of(None, Some(bytes));
        assert_eq!(
            with(b"\xff\xfe (iPhone; \x80) Mobile"),
            Phone,
            "not UTF-8, and told all the same"
        );
        assert_eq!(with(b"\xff\xfe\x00"), Unknown);
        let long = "x".repeat(LOOKED_AT);
        assert_eq!(of(&format!("{long} (iPhone)")), Unknown);
        assert_eq!(of(&format!("(iPhone) {}", long.repeat(100))), Phone);
        // Cut within a character.
        assert_eq!(of(&format!("(iPad) {}", "足跡".repeat(400))), Tablet);
    }

    #[test]
    fn a_hint_says_it_where_the_user_agent_does_not() {
        let with =
            |hint: &str, agent: &str| Device::of(Some(hint.as_bytes()), Some(agent.as_bytes()));
        let android = "Mozilla/5.0 (Linux; Android 10; K)";
        assert_eq!(with("?1", android), Phone);
        assert_eq!(with("?0", &format!("{android} Mobile")), Tablet);
        assert_eq!(with("?0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"), Computer);
        assert_eq!(with("?1", "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X)"), Tablet);
        assert_eq!(with("?1", ""), Phone);
        assert_eq!(with("?0", ""), Unknown);
        assert_eq!(with("?1", "Mozilla/5.0 (Linux; Android 12; Android TV)"), Unknown);
        for wrong in ["", "1", "true", "?2", "?1;x", "\u{ff}"] {
            assert_eq!(with(wrong, android), Tablet, "{wrong:?} says nothing");
        }
    }

    #[test]
    fn a_kind_is_found_by_its_name_in_either_language() {
        let written = [
            "phone",
            "Phone",
            "スマートフォン",
            "タブレット",
            "PC",
            "パソコン",
            "不明",
            "not known",
        ];
        assert_eq!(
            written.map(named),
            ["phone", "phone", "phone", "tablet", "PC", "computer", "", ""]
        );
    }

    #[test]
    fn names_are_those_that_the_database_takes() {
        let names = [Unknown, Phone, Tablet, Computer].map(Device::as_str);
        assert_eq!(names, ["", "phone", "tablet", "computer"]);
    }
}
