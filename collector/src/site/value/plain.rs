//! Plain texts: one line, no markup, nothing that is there and cannot be seen.

use super::{
    super::complaint::{both, said},
    Verdict, wrong,
};

/// A text of one line without markup.
pub(in super::super) fn plain(text: &str, max: usize) -> Verdict {
    if text.trim().is_empty() {
        return wrong(
            both("空です", "is empty"),
            both("訪問者に見せる文を書いてください", "write the text that visitors are to read"),
        );
    }
    let count = text.chars().count();
    if count > max {
        return wrong(
            said!(
                "{count}文字あり、上限の{max}文字を超えています",
                "has {count} characters, more than {max}"
            ),
            both(
                "短くしてください。バナーや表の中で読まれる文です",
                "shorten it: people read it in a banner or a table",
            ),
        );
    }
    if let Some(unseen) = text.chars().find(|c| turns_text(*c)) {
        let code = format!("U+{:04X}", u32::from(unseen));
        return wrong(
            said!(
                "文字の並び順を変える制御文字（{code}）があります",
                "has {code}, which makes text read in another order than it is written"
            ),
            both(
                "その文字を消して、読む順に書いてください。右から左へ書く言語はブラウザーが正しく表示します",
                "delete it and write the text in the order it is read: browsers set right-to-left words \
                 by themselves",
            ),
        );
    }
    if let Some(unseen) = text.chars().find(|c| is_unseen(*c)) {
        let code = format!("U+{:04X}", u32::from(unseen));
        return wrong(
            said!(
                "改行などの制御文字（{code}）があります",
                "has line breaks or other control characters ({code})"
            ),
            both("制御文字を使わず、1行で書いてください", "write it in one line, without them"),
        );
    }
    match markup(text) {
        Some(found) => {
            let plain = without_markup(text);
            wrong(
                said!(
                    "HTML（`{found}`）があります。訪問者にはそのままの文字で見えます",
                    "has HTML (`{found}`), which visitors would see as it is"
                ),
                said!(
                    "タグや実体参照のない文にしてください：「{plain}」",
                    "write plain text, without tags and entities: “{plain}”"
                ),
            )
        }
        None => Ok(()),
    }
}

/// Embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is there and shows nothing: controls, separators, the byte order mark, deprecated
/// format characters, tags. Joiners and the marks of direction stay: languages are spelt with them.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || turns_text(c)
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

/// The first tag or entity.
fn markup(text: &str) -> Option<&str> {
    text.char_indices().find_map(|(at, c)| match c {
        '<' => tag(&text[at..]),
        '&' => entity(&text[at..]),
        _ => None,
    })
}

/// A tag at the start: to its `>`, or to the end of the text.
fn tag(text: &str) -> Option<&str> {
    let opens = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
    let end = text.find('>').map_or(text.len(), |end| end + 1);
    text[1..].starts_with(opens).then_some(&text[..end])
}

/// An entity at the start.
fn entity(text: &str) -> Option<&str> {
    let end = text.find(';')?;
    let name = &text[1..end];
    let right = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'#');
    right.then_some(&text[..=end])
}

/// The text as it would read without its markup.
fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = match c {
            '<' => tag(rest),
            '&' => entity(rest),
            _ => None,
        };
        match found {
            Some("&amp;") => plain.push('&'),
            Some("&lt;") => plain.push('<'),
            Some("&gt;") => plain.push('>'),
            Some("&quot;") => plain.push('"'),
            Some("&nbsp;") => plain.push(' '),
            Some(_) => {}
            None => plain.push(c),
        }
        rest = &rest[found.map_or(c.len_utf8(), str::len)..];
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
