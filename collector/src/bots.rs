//! Programs that visit pages on their own and say so by their `User-Agent`. None of them is a visitor:
//! it is given no session, and its fetching counts as nobody's. The header is looked at and forgotten.

use std::sync::LazyLock;

use regex::Regex;

const LIST: &str = include_str!("bots.txt");

/// All of the list in one expression: one pass over a header, however long the list.
static KNOWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let patterns = LIST.lines().filter(|line| !line.starts_with('#'));
    let either: Vec<_> = patterns.map(|pattern| format!("(?:{pattern})")).collect();
    match Regex::new(&either.join("|")) {
        Ok(known) => Some(known),
        Err(error) => {
            tracing::error!(%error, "no bot is known by its name");
            None
        }
    }
});

/// Whether a `User-Agent` is that of a known bot. What says nothing about itself is not known.
#[must_use]
pub fn is_known(agent: &str) -> bool {
    KNOWN.as_ref().is_some_and(|known| known.is_match(agent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_known_by_their_names() {
        for agent in [
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
            "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 (Macintosh) AppleWebKit/600.2.5 (KHTML, like Gecko) Version/8.0.2 Safari/600.2.5 (Applebot/0.1)",
            "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Twitterbot/1.0",
            "Mozilla/5.0 (compatible; Y!J-ASR/0.1 crawler; http://www.yahoo-help.jp/)",
        ] {
            assert!(is_known(agent), "{agent}");
        }
    }

    #[test]
    fn browsers_and_the_browsers_inside_apps_are_visitors() {
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";
        for agent in [
            String::new(),
            "curl/8.14.1".to_owned(),
            "ureq/3.5.1".to_owned(),
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
            format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36 Edg/142.0.0.0"),
            format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} YaBrowser/25.10.0 Safari/537.36"),
            format!("Mozilla/5.0 (Windows NT 10.0; WOW64) {chrome} Safari/537.36 SE 2.X MetaSr 1.0 SogouMobileBrowser/6"),
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36".to_owned(),
            format!("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) {chrome} Mobile Safari/537.36"),
            format!("Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP3A.240617.008; wv) {chrome} Mobile Safari/537.36"),
            format!("Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) {chrome} Mobile Safari/537.36 YJApp-ANDROID jp.co.yahoo.android.yjtop/3.180.0"),
            format!("{iphone} Version/26.0 Mobile/15E148 Safari/604.1"),
            format!("{iphone} Mobile/15E148 Safari Line/15.18.0"),
            format!("{iphone} Mobile/22H20 Instagram 400.0.0.25.65 (iPhone15,2; iOS 18_7; ja_JP)"),
            format!("{iphone} Mobile/22H20 [FBAN/FBIOS;FBAV/500.0.0.40.61;FBDV/iPhone15,2]"),
            format!("{iphone} GSA/390.0.0 Mobile/15E148 Safari/604.1"),
            format!("{iphone} Mobile/22H20 [Pinterest/iOS]"),
            format!("{iphone} Mobile/22H20 WhatsApp/2.25 Viber/25.0 Twitter for iPhone/11.30 LinkedInApp/9.30"),
            format!("{iphone} Mobile/22H20 KAKAOTALK 11.0 NAVER(inapp; search; 2000; 12.15.0) MicroMessenger/8.0.60"),
        ] {
            assert!(!is_known(&agent), "{agent}");
        }
    }
}
