//! Names of domains with macros in them (RFC 7208, section 7).

use std::net::IpAddr;

/// A name that may hold macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Macro {
        letter: char,
        /// Labels from the right that are kept; 0: all.
        keep: usize,
        reversed: bool,
        delimiters: String,
    },
}

/// What macros stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session<'a> {
    /// The host that hands mail on, where it is known.
    pub(super) host: Option<IpAddr>,
    /// Before the `@` of the envelope's sender.
    pub(super) local: &'a str,
    /// Its domain.
    pub(super) domain: &'a str,
}

/// Reads a name.
pub(super) fn spec(text: &str) -> Option<Spec> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '%' {
            if !c.is_ascii_graphic() {
                return None;
            }
            plain.push(c);
            continue;
        }
        let next = rest.chars().next()?;
        rest = &rest[next.len_utf8()..];
        match next {
            '%' => plain.push('%'),
            '_' => plain.push(' '),
            '-' => plain.push_str("%20"),
            '{' => {
                let (inside, behind) = rest.split_once('}')?;
                rest = behind;
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(expansion(inside)?);
            }
            _ => return None,
        }
    }
    // It ends in a top label or a macro.
    let ends = match pieces.last() {
        Some(Piece::Macro { .. }) if plain.is_empty() => true,
        _ => is_top(&plain),
    };
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    ends.then_some(Spec(pieces))
}

fn is_top(text: &str) -> bool {
    let Some((_, top)) = text.trim_end_matches('.').rsplit_once('.') else { return false };
    !top.is_empty()
        && top.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !(top.starts_with('-') || top.ends_with('-'))
        && top.chars().any(|c| !c.is_ascii_digit())
}

fn expansion(inside: &str) -> Option<Piece> {
    let letter = inside.chars().next()?.to_ascii_lowercase();
    if !"slodiphv".contains(letter) {
        return None;
    }
    let rest = inside.get(1..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    let keep = match digits {
        "" => 0,
        digits => digits.parse().ok().filter(|keep| *keep > 0)?,
    };
    let (reversed, delimiters) = match rest.strip_prefix(['r', 'R']) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if delimiters.chars().any(|c| !".-+,/_=".contains(c)) {
        return None;
    }
    let delimiters = if delimiters.is_empty() { "." } else { delimiters }.to_owned();
    Some(Piece::Macro { letter, keep, reversed, delimiters })
}

impl Spec {
    /// The name under the domain whose record is read; none where that hangs on what is not known: the address of the
    /// host, its name, or the name by which it greets.
    pub(super) fn name(&self, domain: &str, session: &Session<'_>) -> Option<String> {
        let mut name = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Macro { letter, keep, reversed, delimiters } => {
                    let value = match letter {
                        's' => format!("{}@{}", session.local, session.domain),
                        'l' => session.local.to_owned(),
                        'o' => session.domain.to_owned(),
                        'd' => domain.to_owned(),
                        'i' => dotted(session.host?),
                        'v' => if session.host?.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
                        _ => return None,
                    };
                    let mut parts: Vec<_> = value.split(|c| delimiters.contains(c)).collect();
                    if *reversed {
                        parts.reverse();
                    }
                    let from = if *keep == 0 { 0 } else { parts.len().saturating_sub(*keep) };
                    name.push_str(&parts[from..].join("."));
                }
            }
        }
        let mut name = name.trim_end_matches('.');
        // What is too long loses labels from the left.
        while name.len() > 253 {
            name = name.split_once('.')?.1;
        }
        Some(name.to_ascii_lowercase())
    }
}

/// An address as a macro has it: that of IPv6 as nibbles.
fn dotted(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let nibbles = address.octets().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
            nibbles.map(|nibble| format!("{nibble:x}")).collect::<Vec<_>>().join(".")
        }
    }
}
