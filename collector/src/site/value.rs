//! The rules of single values: origins, hosts, languages, countries, addresses, plain texts.

mod plain;

use std::str::FromStr;

use consent_core::{
    form::{Field, FieldKind},
    ids::Invalid,
};

use super::{kept, nearest::nearest, texts::country_names};

pub(super) use plain::plain;

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Said after the key's name.
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Whether a value is right.
pub(super) type Verdict = Result<(), Wrong>;

fn wrong(message: impl Into<String>, remedy: impl Into<String>) -> Verdict {
    Err(Wrong { message: message.into(), remedy: remedy.into() })
}

fn hold(right: bool, message: impl FnOnce() -> String, remedy: &str) -> Verdict {
    if right { Ok(()) } else { wrong(message(), remedy) }
}

/// A key or name of `consent-core`.
pub(super) fn key<T: FromStr<Err = Invalid>>(text: &str) -> Verdict {
    match text.parse::<T>() {
        Ok(_) => Ok(()),
        Err(Invalid { expected }) => {
            wrong(format!("`{text}` is not a key"), format!("use {expected}"))
        }
    }
}

/// A language's tag in its usual case: `ja`, `pt-BR`, `zh-Hant`.
pub(super) fn language(tag: &str) -> Verdict {
    let all = |part: &str, test: fn(&u8) -> bool| part.bytes().all(|byte| test(&byte));
    let mut parts = tag.split('-').peekable();
    let primary = parts.next().unwrap_or_default();
    let script = |part: &&str| {
        let lower = part.get(1..).is_some_and(|rest| all(rest, u8::is_ascii_lowercase));
        part.len() == 4 && part.as_bytes()[0].is_ascii_uppercase() && lower
    };
    let region = |part: &&str| {
        part.len() == 2 && all(part, u8::is_ascii_uppercase)
            || part.len() == 3 && all(part, u8::is_ascii_digit)
    };
    let right = matches!(primary.len(), 2 | 3) && all(primary, u8::is_ascii_lowercase);
    parts.next_if(script);
    parts.next_if(region);
    hold(
        right && parts.next().is_none(),
        || format!("`{tag}` is not a language tag"),
        "use a tag such as \"ja\", \"en\", \"pt-BR\" or \"zh-Hant\" (BCP 47)",
    )
}

/// `https://HOST[:PORT]`, or `http` on this machine itself.
pub(super) fn origin(text: &str) -> Verdict {
    let Some((scheme @ ("https" | "http"), host)) = text.split_once("://") else {
        return wrong(
            format!("`{text}` is not an origin"),
            "write the scheme and the host, as in \"https://www.example.com\"",
        );
    };
    if host.contains(['/', '?', '#', '@']) {
        return wrong(
            format!("`{text}` has more than scheme and host"),
            "leave out what follows the host, the last slash too: \"https://www.example.com\"",
        );
    }
    if host != host.to_lowercase() {
        return wrong(
            format!("`{text}` has capital letters, which browsers never send"),
            format!("write \"{}\"", text.to_lowercase()),
        );
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            if (scheme, port) == ("https", "443") || (scheme, port) == ("http", "80") {
                return wrong(
                    format!("`{text}` names the usual port, which browsers leave out"),
                    format!("write \"{scheme}://{name}\""),
                );
            }
            name
        }
        _ => host,
    };
    let local = matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost");
    if name != "[::1]" {
        self::host(host)?;
    }
    hold(
        scheme == "https" || local,
        || format!("`{text}` is not encrypted"),
        "use https; http is for localhost, 127.0.0.1 and [::1] only",
    )
}

/// A host's name, with a port or without.
pub(super) fn host(text: &str) -> Verdict {
    let (name, port) = text.split_once(':').unwrap_or((text, "443"));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let port = port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port != 0);
    hold(
        name.len() <= 253 && name.split('.').all(label) && port,
        || format!("`{text}` is not a host name"),
        "write the host alone in small letters, as in \"cdn.example.com\" or \"localhost:8081\"; \
         international names in their xn-- form",
    )
}

/// A name of the IANA time zone database.
pub(super) fn timezone(name: &str) -> Verdict {
    hold(
        jiff::tz::TimeZone::get(name).is_ok(),
        || format!("`{name}` is not a time zone"),
        "use a name of the IANA database, such as \"Asia/Tokyo\"",
    )
}

/// A query parameter's name.
pub(super) fn parameter(name: &str) -> Verdict {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
    hold(
        (1..=64).contains(&name.len()) && name.bytes().all(known),
        || format!("`{name}` is not the name of a query parameter"),
        "give the name alone, without ?, = or *, as in \"utm_source\"",
    )
}

/// An ISO 3166-1 code.
pub(super) fn country(code: &str) -> Verdict {
    let remedy = match code {
        "UK" => "write \"GB\" for the United Kingdom",
        _ => "use the two-letter code of ISO 3166-1, such as \"JP\" or \"US\"",
    };
    hold(country_names(code).is_some(), || format!("`{code}` is not a country's code"), remedy)
}

/// An ISO 3166-2 code: a country, or a part of one.
pub(super) fn region(code: &str) -> Verdict {
    let (country, part) = code.split_once('-').unwrap_or((code, "1"));
    self::country(country)?;
    let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    hold(
        (1..=3).contains(&part.len()) && part.bytes().all(known),
        || format!("`{code}` is not a region's code"),
        "use a code of ISO 3166-2, such as \"JP\", \"JP-13\" or \"US-CA\"",
    )
}

/// An `https` address.
pub(super) fn address(text: &str) -> Verdict {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let printable = text.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`".contains(c));
    hold(
        printable && text.len() <= 500 && host(&rest[..end]).is_ok(),
        || format!("`{text}` is not an https address"),
        "write the whole address, as in \"https://www.example.com/privacy\"",
    )
}

/// An e-mail address, or the `https` address of an enquiry form.
pub(super) fn contact(text: &str) -> Verdict {
    hold(
        is(FieldKind::Email, text) || address(text).is_ok(),
        || format!("`{text}` is neither an e-mail address nor an https address"),
        "say where people can ask and complain: \"privacy@example.com\" or the address of a form",
    )
}

/// An e-mail address that mail is sent from or answered to.
pub(super) fn mailbox(text: &str) -> Verdict {
    hold(
        is(FieldKind::Email, text) && text.is_ascii(),
        || format!("`{text}` is not an e-mail address"),
        "write the address alone, as in \"news@example.com\"; a domain in other letters in its xn-- form",
    )
}

/// A telephone number, an e-mail address or an `https` address.
pub(super) fn complaints(text: &str) -> Verdict {
    let telephone = text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    let known = address(text).is_ok()
        || is(FieldKind::Email, text)
        || (telephone && text.bytes().filter(u8::is_ascii_digit).count() >= 9);
    hold(
        known,
        || format!("`{text}` is no telephone number, e-mail address or https address"),
        "write one of them, where people can complain: \"075-000-0000\", \"privacy@example.com\" or \"https://…\"",
    )
}

/// Whether that is how a form would take it.
fn is(kind: FieldKind, text: &str) -> bool {
    let Ok(key) = "contact".parse() else { return false };
    Field::new(key, kind).accept(text).is_ok_and(|taken| taken == text)
}

/// A cookie's name (RFC 6265); `*` stands for any characters.
pub(super) fn cookie(name: &str) -> Verdict {
    let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    hold(
        (1..=128).contains(&name.len()) && name.chars().all(token) && !name.starts_with('*'),
        || format!("`{name}` is not the name of a cookie"),
        "give the name as the browser shows it; a * may stand for what changes, but not first, as \
         in \"_ga_*\"",
    )
}

/// An entry of the browser's storage: where it is, and its name.
pub(super) fn storage(text: &str) -> Verdict {
    let areas = kept::AREAS.iter().map(|(prefix, _)| *prefix);
    let Some((prefix, name)) = text.split_once(':') else {
        return wrong(
            format!("`{text}` does not say where it is kept"),
            format!("write \"local:{text}\", \"session:{text}\" or \"indexeddb:{text}\""),
        );
    };
    if !areas.clone().any(|area| area == prefix) {
        let remedy = nearest(prefix, areas);
        return wrong(format!("`{prefix}` is no storage of the browser"), remedy);
    }
    hold(
        (1..=128).contains(&name.chars().count())
            && !name.starts_with('*')
            && name.trim() == name
            && !name.contains(plain::is_unseen),
        || format!("`{text}` is not the name of an entry"),
        "give the name as the browser shows it; a * may stand for what changes, but not first, as \
         in \"local:kazoeru_*\"",
    )
}

/// A banner's version.
pub(super) fn version(text: &str) -> Verdict {
    let known = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
    };
    hold(
        (1..=32).contains(&text.len()) && text.bytes().all(known),
        || format!("`{text}` is not a version's name"),
        "use 1 to 32 of a-z 0-9 _ and -",
    )
}

/// A name that is the same in every language.
pub(super) fn name(text: &str) -> Verdict {
    plain(text, 80)
}
