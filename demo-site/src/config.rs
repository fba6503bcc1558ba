//! What the shop is started with: flags, or the environment variables of the same meaning.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use axum::http::Uri;
use clap::{ArgAction, Parser};

/// A small shop that carries the Ashiato tag.
#[derive(Clone, Debug, Parser)]
#[command(name = "demo-site", version)]
pub struct Config {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, env = "DEMO_SITE_LISTEN", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    /// Address of the collector as the visitor's browser reaches it
    #[arg(long, env = "DEMO_SITE_COLLECTOR", default_value = "http://localhost:8080")]
    pub collector: CollectorUrl,
    /// Key of this site at the collector
    #[arg(long, env = "DEMO_SITE_SITE", default_value = "shop")]
    pub site: SiteKey,
    /// Whether pages carry the tag; `--tag false` shows the shop as it is without it
    #[arg(long, env = "DEMO_SITE_TAG", default_value_t = true, action = ArgAction::Set)]
    pub tag: bool,
}

impl Config {
    /// The address of something the collector serves for this site, such as `ashiato.js`.
    #[must_use]
    pub fn at_collector(&self, name: &str) -> String {
        format!("{}/s/{}/{name}", self.collector, self.site)
    }
}

/// The collector's origin: scheme, host and port, safe to stand in a policy header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorUrl(String);

/// Why a text is not a [`CollectorUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the collector's origin only, such as https://collect.example")]
pub struct NotAnOrigin;

impl FromStr for CollectorUrl {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https"));
        let (Some(scheme), Some(authority)) = (scheme, uri.authority()) else {
            return Err(NotAnOrigin);
        };
        // `;` and `,` are legal in an authority and would end a directive or a policy.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if uri.path() != "/" || uri.query().is_some() || !authority.as_str().chars().all(plain) {
            return Err(NotAnOrigin);
        }
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a site at the collector: 1 to 64 of `a-z 0-9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteKey(String);

/// Why a text is not a [`SiteKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a site key is 1 to 64 of a-z, 0-9, _ and -")]
pub struct NotASiteKey;

impl FromStr for SiteKey {
    type Err = NotASiteKey;

    fn from_str(text: &str) -> Result<Self, NotASiteKey> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotASiteKey)
        }
    }
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_origin_and_a_closing_slash_is_forgiven() {
        let parsed = |text: &str| text.parse::<CollectorUrl>().map(|url| url.to_string());
        assert_eq!(parsed("http://localhost:8080/"), Ok("http://localhost:8080".to_owned()));
        assert_eq!(parsed("https://[::1]:8443"), Ok("https://[::1]:8443".to_owned()));
    }

    #[test]
    fn a_collector_that_could_alter_the_policy_header_is_refused() {
        for text in [
            "localhost:8080",
            "ftp://localhost",
            "https://a.example/path",
            "https://a.example?x=1",
            "https://a.example;script-src",
            "https://a.example,b",
            "https://user@a.example",
            "https://a.example script-src *",
        ] {
            assert_eq!(text.parse::<CollectorUrl>(), Err(NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn a_site_key_is_short_and_plain() {
        assert!("shop-2".parse::<SiteKey>().is_ok());
        for text in ["", "Shop", "shop/../x", &"a".repeat(65)] {
            assert_eq!(text.parse::<SiteKey>(), Err(NotASiteKey), "{text}");
        }
    }
}
