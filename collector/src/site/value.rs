//! The rules of single values: origins, hosts, languages, countries, addresses, plain texts.

mod plain;

use std::str::FromStr;

use consent_core::{
    form::{Field, FieldKind},
    ids::Invalid,
};

use super::{
    complaint::{Said, both, said},
    kept,
    nearest::nearest,
    texts::country_names,
};

pub(super) use plain::plain;

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Said after the key's name.
    pub(super) message: Said,
    pub(super) remedy: Said,
}

/// Whether a value is right.
pub(super) type Verdict = Result<(), Wrong>;

fn wrong(message: impl Into<Said>, remedy: impl Into<Said>) -> Verdict {
    Err(Wrong { message: message.into(), remedy: remedy.into() })
}

fn hold(right: bool, message: impl FnOnce() -> Said, remedy: impl Into<Said>) -> Verdict {
    if right { Ok(()) } else { wrong(message(), remedy) }
}

/// A key or name of `consent-core`.
pub(super) fn key<T: FromStr<Err = Invalid>>(text: &str) -> Verdict {
    match text.parse::<T>() {
        Ok(_) => Ok(()),
        Err(Invalid { expected }) => {
            // As in "1 to 32 of a-z 0-9 and _".
            let ja = expected.replacen(" to ", "〜", 1).replacen(" of ", "文字の ", 1);
            let remedy = Said {
                ja: format!("{ja} で書いてください"),
                en: format!("use {expected}"),
            };
            wrong(said!("`{text}` はキーとして使えません", "`{text}` is not a key"), remedy)
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
        || said!("`{tag}` は言語タグではありません", "`{tag}` is not a language tag"),
        both(
            "\"ja\"、\"en\"、\"pt-BR\"、\"zh-Hant\" のようなタグを使ってください（BCP 47）",
            "use a tag such as \"ja\", \"en\", \"pt-BR\" or \"zh-Hant\" (BCP 47)",
        ),
    )
}

/// `https://HOST[:PORT]`, or `http` on this machine itself.
pub(super) fn origin(text: &str) -> Verdict {
    let Some((scheme @ ("https" | "http"), host)) = text.split_once("://") else {
        return wrong(
            said!("`{text}` はサイトのアドレスではありません", "`{text}` is not an origin"),
            both(
                "\"https://www.example.com\" のように、https:// とホスト名を書いてください",
                "write the scheme and the host, as in \"https://www.example.com\"",
            ),
        );
    };
    if host.contains(['/', '?', '#', '@']) {
        return wrong(
            said!(
                "`{text}` には https:// とホスト名以外のものが含まれています",
                "`{text}` has more than scheme and host"
            ),
            both(
                "ホスト名より後ろを、末尾のスラッシュも含めて消してください：\"https://www.example.com\"",
                "leave out what follows the host, the last slash too: \"https://www.example.com\"",
            ),
        );
    }
    if host != host.to_lowercase() {
        let small = text.to_lowercase();
        return wrong(
            said!(
                "`{text}` に大文字があります。ブラウザーは小文字で送ります",
                "`{text}` has capital letters, which browsers never send"
            ),
            said!("\"{small}\" と書いてください", "write \"{small}\""),
        );
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            if (scheme, port) == ("https", "443") || (scheme, port) == ("http", "80") {
                return wrong(
                    said!(
                        "`{text}` に標準のポート番号があります。ブラウザーは省いて送ります",
                        "`{text}` names the usual port, which browsers leave out"
                    ),
                    said!("\"{scheme}://{name}\" と書いてください", "write \"{scheme}://{name}\""),
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
        || said!("`{text}` は暗号化されていません", "`{text}` is not encrypted"),
        both(
            "httpsを使ってください。httpは localhost、127.0.0.1、[::1] だけで使えます",
            "use https; http is for localhost, 127.0.0.1 and [::1] only",
        ),
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
        || said!("`{text}` はホスト名ではありません", "`{text}` is not a host name"),
        both(
            "\"cdn.example.com\"、\"localhost:8081\" のように、ホスト名だけを小文字で書いてください。日本語などのドメイン名は xn-- の形にします",
            "write the host alone in small letters, as in \"cdn.example.com\" or \"localhost:8081\"; \
             international names in their xn-- form",
        ),
    )
}

/// A name of the IANA time zone database.
pub(super) fn timezone(name: &str) -> Verdict {
    hold(
        jiff::tz::TimeZone::get(name).is_ok(),
        || said!("`{name}` はタイムゾーンではありません", "`{name}` is not a time zone"),
        both(
            "\"Asia/Tokyo\" のような、IANAデータベースの名前を使ってください",
            "use a name of the IANA database, such as \"Asia/Tokyo\"",
        ),
    )
}

/// A query parameter's name.
pub(super) fn parameter(name: &str) -> Verdict {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
    hold(
        (1..=64).contains(&name.len()) && name.bytes().all(known),
        || {
            said!(
                "`{name}` はURLパラメーターの名前ではありません",
                "`{name}` is not the name of a query parameter"
            )
        },
        both(
            "\"utm_source\" のように、?・=・* を付けずに名前だけを書いてください",
            "give the name alone, without ?, = or *, as in \"utm_source\"",
        ),
    )
}

/// An ISO 3166-1 code.
pub(super) fn country(code: &str) -> Verdict {
    let remedy = match code {
        "UK" => both("イギリスは \"GB\" と書いてください", "write \"GB\" for the United Kingdom"),
        _ => both(
            "\"JP\"、\"US\" のような、ISO 3166-1の2文字のコードを使ってください",
            "use the two-letter code of ISO 3166-1, such as \"JP\" or \"US\"",
        ),
    };
    let message =
        || said!("`{code}` は国のコードではありません", "`{code}` is not a country's code");
    hold(country_names(code).is_some(), message, remedy)
}

/// An ISO 3166-2 code: a country, or a part of one.
pub(super) fn region(code: &str) -> Verdict {
    let (country, part) = code.split_once('-').unwrap_or((code, "1"));
    self::country(country)?;
    let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    hold(
        (1..=3).contains(&part.len()) && part.bytes().all(known),
        || said!("`{code}` は地域のコードではありません", "`{code}` is not a region's code"),
        both(
            "\"JP\"、\"JP-13\"、\"US-CA\" のような、ISO 3166-2のコードを使ってください",
            "use a code of ISO 3166-2, such as \"JP\", \"JP-13\" or \"US-CA\"",
        ),
    )
}

/// An `https` address.
pub(super) fn address(text: &str) -> Verdict {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let printable = text.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`".contains(c));
    hold(
        printable && text.len() <= 500 && host(&rest[..end]).is_ok(),
        || said!("`{text}` はhttpsのアドレスではありません", "`{text}` is not an https address"),
        both(
            "\"https://www.example.com/privacy\" のように、アドレス全体を書いてください",
            "write the whole address, as in \"https://www.example.com/privacy\"",
        ),
    )
}

/// An e-mail address, or the `https` address of an enquiry form.
pub(super) fn contact(text: &str) -> Verdict {
    hold(
        is(FieldKind::Email, text) || address(text).is_ok(),
        || {
            said!(
                "`{text}` はメールアドレスでもhttpsのアドレスでもありません",
                "`{text}` is neither an e-mail address nor an https address"
            )
        },
        both(
            "問い合わせや苦情の受付先を書いてください：\"privacy@example.com\" またはフォームのアドレス",
            "say where people can ask and complain: \"privacy@example.com\" or the address of a form",
        ),
    )
}

/// An e-mail address that mail is sent from or answered to.
pub(super) fn mailbox(text: &str) -> Verdict {
    hold(
        is(FieldKind::Email, text) && text.is_ascii(),
        || said!("`{text}` はメールアドレスではありません", "`{text}` is not an e-mail address"),
        both(
            "\"news@example.com\" のように、アドレスだけを書いてください。日本語などのドメイン名は xn-- の形にします",
            "write the address alone, as in \"news@example.com\"; a domain in other letters in its xn-- form",
        ),
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
        || {
            said!(
                "`{text}` は電話番号・メールアドレス・httpsのアドレスのどれでもありません",
                "`{text}` is no telephone number, e-mail address or https address"
            )
        },
        both(
            "苦情の受付先として、どれか1つを書いてください：\"075-000-0000\"、\"privacy@example.com\"、\"https://…\"",
            "write one of them, where people can complain: \"075-000-0000\", \"privacy@example.com\" or \"https://…\"",
        ),
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
        || said!("`{name}` はCookieの名前ではありません", "`{name}` is not the name of a cookie"),
        both(
            "ブラウザーに表示される名前を書いてください。変わる部分は \"_ga_*\" のように * で表せますが、先頭には使えません",
            "give the name as the browser shows it; a * may stand for what changes, but not first, as \
             in \"_ga_*\"",
        ),
    )
}

/// An entry of the browser's storage: where it is, and its name.
pub(super) fn storage(text: &str) -> Verdict {
    let areas = kept::AREAS.iter().map(|(prefix, _)| *prefix);
    let Some((prefix, name)) = text.split_once(':') else {
        return wrong(
            said!(
                "`{text}` の保存場所が書かれていません",
                "`{text}` does not say where it is kept"
            ),
            said!(
                "\"local:{text}\"、\"session:{text}\"、\"indexeddb:{text}\" のどれかで書いてください",
                "write \"local:{text}\", \"session:{text}\" or \"indexeddb:{text}\""
            ),
        );
    };
    if !areas.clone().any(|area| area == prefix) {
        let remedy = nearest(prefix, areas);
        let message = said!(
            "`{prefix}` はブラウザーの保存場所ではありません",
            "`{prefix}` is no storage of the browser"
        );
        return wrong(message, remedy);
    }
    hold(
        (1..=128).contains(&name.chars().count())
            && !name.starts_with('*')
            && name.trim() == name
            && !name.contains(plain::is_unseen),
        || said!("`{text}` は保存項目の名前ではありません", "`{text}` is not the name of an entry"),
        both(
            "ブラウザーに表示される名前を書いてください。変わる部分は \"local:kazoeru_*\" のように * で表せますが、先頭には使えません",
            "give the name as the browser shows it; a * may stand for what changes, but not first, as \
             in \"local:kazoeru_*\"",
        ),
    )
}

/// A banner's version.
pub(super) fn version(text: &str) -> Verdict {
    let known = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
    };
    hold(
        (1..=32).contains(&text.len()) && text.bytes().all(known),
        || said!("`{text}` は版の名前として使えません", "`{text}` is not a version's name"),
        both("1〜32文字の a-z 0-9 _ - で書いてください", "use 1 to 32 of a-z 0-9 _ and -"),
    )
}

/// A name that is the same in every language.
pub(super) fn name(text: &str) -> Verdict {
    plain(text, 80)
}
