//! What a press on a link tells: that it leads away, or to a file. Addresses that are none of the web
//! (mail, telephone) tell nothing: they name people.

use alloc::string::String;

use consent_core::{json::ascii, page::Address};

use crate::lines::Lines;

/// Endings of files that are downloaded rather than shown.
const FILES: &str = "pdf doc docx xls xlsx ppt pptx odt ods odp rtf txt csv ics epub zip 7z rar gz \
    tar dmg exe msi pkg apk mp3 wav mp4 mov avi wmv";

/// What a link tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The host, with its port, where it is not the page's own.
    pub host: Option<&'a str>,
    /// The file's ending in small letters, where it leads to a file: empty where that has none.
    pub file: Option<String>,
}

impl<'a> Link<'a> {
    /// Of a link on a page of that host; `download` where the page says that it leads to a file.
    #[must_use]
    pub fn of(to: &Address<'a>, own_host: &str, download: bool) -> Self {
        let name = Lines::split(to.path, b'/').last().unwrap_or("");
        let mut ending = String::new();
        let mut parts = Lines::split(name, b'.');
        // What has no point in it has no ending.
        parts.text();
        if let Some(last) = parts.last() {
            // An ending is short: anything else is part of a name.
            for byte in last.bytes().take_while(u8::is_ascii_alphanumeric).take(8) {
                ending.push(ascii(byte.to_ascii_lowercase()));
            }
        }
        let is_file = download || Lines::words(FILES).any(|file| file == ending);
        Self {
            host: Some(to.host()).filter(|host| *host != own_host),
            file: is_file.then_some(ending),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(url: &str, download: bool) -> (Option<&str>, Option<String>) {
        let Link { host, file } = Link::of(&Address::parse(url).unwrap(), "shop.example", download);
        (host, file)
    }

    #[test]
    fn what_leads_to_another_host_leads_away() {
        assert_eq!(link("https://shop.example/a", false), (None, None));
        assert_eq!(link("http://shop.example/a", false).0, None);
        assert_eq!(link("https://maker.example/", false).0, Some("maker.example"));
        assert_eq!(link("https://shop.example:81/", false).0, Some("shop.example:81"));
    }

    #[test]
    fn a_file_is_told_by_its_ending_or_by_the_page() {
        let file = |url, download| link(url, download).1;
        assert_eq!(file("https://a.example/care.PDF?x=1.html", false).as_deref(), Some("pdf"));
        assert_eq!(file("https://a.example/a.tar.gz", false).as_deref(), Some("gz"));
        for url in [
            "https://pdf/",
            "https://a.example/pdf",
            "https://a.example/a.pdf/",
            "https://a.example/a.html",
        ] {
            assert_eq!(file(url, false), None, "{url}");
        }
        assert_eq!(file("https://a.example/export", true).as_deref(), Some(""));
        assert_eq!(file("https://a.example/a.svg", true).as_deref(), Some("svg"));
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(path in "\\PC{0,30}", download: bool) {
            let url = ["https://a.example/", &path].concat();
            if let Some(address) = Address::parse(&url) {
                let _ = Link::of(&address, "", download);
            }
        }
    }
}
