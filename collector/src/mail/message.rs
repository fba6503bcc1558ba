//! A letter as a message (RFC 5322): text and HTML, with the headers by which a reader offers to stop it (RFC 8058).

use lettre::{
    Address, Message,
    address::Envelope as Route,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::site::Letter;

/// Who a message is from and to.
pub(super) struct Envelope<'a> {
    /// The sender's name.
    pub(super) sender: &'a str,
    pub(super) from: &'a str,
    pub(super) reply_to: Option<&'a str>,
    pub(super) to: &'a str,
    /// Before the `@` of its id: the same for every try, and nothing of anybody.
    pub(super) id: &'a str,
    /// The address that stops mail; none where the mail is none that can be stopped.
    pub(super) stop: Option<&'a str>,
}

/// The message; none where an address is none that mail can be sent to.
pub(super) fn message(letter: &Letter, envelope: &Envelope<'_>) -> Option<Message> {
    let address = |text: &str| mailable(text)?.parse::<Address>().ok();
    let from = address(envelope.from)?;
    let domain = from.domain().to_owned();
    let raw = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    let to = address(envelope.to)?;
    // Said apart: of a header the parser does not read back an address in quotes.
    let route = Route::new(Some(from.clone()), vec![to.clone()]).ok()?;
    let mut message = Message::builder()
        .envelope(route)
        .from(Mailbox::new(Some(envelope.sender.to_owned()), from))
        .to(Mailbox::new(None, to))
        .subject(letter.subject.as_str())
        .date_now()
        .message_id(Some(format!("<{}@{domain}>", envelope.id)))
        .raw_header(raw("Auto-Submitted", "auto-generated"));
    if let Some(stop) = envelope.stop {
        message = message.raw_header(raw("List-Unsubscribe", &format!("<{stop}>")));
    }
    // Of one that is not encrypted no receiver makes one click (RFC 8058, section 3.1).
    if envelope.stop.is_some_and(|stop| stop.starts_with("https://")) {
        message = message.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    if let Some(reply_to) = envelope.reply_to {
        message = message.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    let parts = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    message.multipart(parts).ok()
}

/// The address as the mail system spells it; its domain is in ASCII already. Japanese carriers gave out addresses with
/// two dots in a row, or one at the end, which go through in quotes (RFC 5321, section 4.1.2). None where what stands
/// before the `@` is not ASCII, which few servers take.
fn mailable(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    let plain = local.is_ascii() && !local.contains(['"', '\\']);
    plain.then(|| if dots { format!("\"{local}\"@{domain}") } else { address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            subject: "メール受け取りのご確認（ひより道具店）".to_owned(),
            text: "こんにちは\n".to_owned(),
            html: "<p>こんにちは</p>".to_owned(),
        }
    }

    fn envelope(to: &str) -> Envelope<'_> {
        Envelope {
            sender: "株式会社ひより道具店",
            from: "news@hiyori.example",
            reply_to: Some("support@hiyori.example"),
            to,
            id: "abc",
            stop: Some("https://c.example/s/shop/stop/x"),
        }
    }

    #[test]
    fn addresses_of_every_spelling_get_one_mail_each() {
        for (written, sent) in [
            ("hanako@example.jp", "hanako@example.jp"),
            ("a..b@docomo.ne.jp", "\"a..b\"@docomo.ne.jp"),
            ("a.@ezweb.ne.jp", "\"a.\"@ezweb.ne.jp"),
            ("a+b_c%d@xn--wgv71a119e.jp", "a+b_c%d@xn--wgv71a119e.jp"),
        ] {
            let message = message(&letter(), &envelope(written)).expect(written);
            let to: Vec<_> = message.envelope().to().iter().map(ToString::to_string).collect();
            assert_eq!(to, [sent]);
        }
        for bad in ["", "a", "a@", "花子@example.jp", "a@b\r\nBcc: c@d.example", "a b@c.example"]
        {
            assert!(message(&letter(), &envelope(bad)).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_link_that_is_not_encrypted_is_offered_for_no_single_click() {
        let plain = Envelope { stop: Some("http://localhost/s"), ..envelope("a@b.example") };
        let text = |envelope: &Envelope<'_>| {
            String::from_utf8(message(&letter(), envelope).unwrap().formatted()).unwrap()
        };
        assert!(
            text(&envelope("a@b.example"))
                .contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
        );
        let text = text(&plain);
        assert!(
            text.contains("List-Unsubscribe: <http://localhost/s>") && !text.contains("One-Click")
        );
    }
}
