//! What the site asks for, as the part that asks goes by it.
//!
//! The text that the script hands over is read anew at every turn: tables of it would cost each
//! visitor more bytes than all the turns cost time. It grants nothing: that is the gate's.

use alloc::string::String;

use crate::lines::Lines;

/// What a visitor is asked: the policy's revision, for how many seconds a decision holds, the keys of the
/// purposes that the browser refuses by a signal, the site's key, the banner's version, the language, for how
/// many seconds a visitor's number is held, and then the purposes as [`crate::settings::Settings::read`] has
/// them; a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    text: String,
}

/// A purpose, in the site's order.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// Its key.
    pub key: &'a str,
    /// Whether it is asked, and not told only.
    pub is_asked: bool,
    /// Whether it ties the visitor to a lead.
    link: bool,
    /// Its services, each with its events after a colon.
    services: Lines<'a>,
}

impl<'a> Purpose<'a> {
    /// The keys of its services.
    pub fn services(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.services.map(|service| Lines::split(service, b':').text())
    }

    /// Whether it has more services than one, so that each has a switch.
    #[must_use]
    pub fn is_divided(&self) -> bool {
        self.services().nth(1).is_some()
    }
}

/// One thing that is switched on or off by itself: a service, or a purpose without services.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// The purpose.
    pub purpose: &'a str,
    /// The service in it; empty where it has none.
    pub service: &'a str,
    /// Whether the collector must tell this visitor from others to do it.
    needs_visitor: bool,
}

impl Asked {
    /// What this text says. Where it says nothing, nothing is asked.
    #[must_use]
    pub const fn of(text: String) -> Self {
        Self { text }
    }

    fn line(&self, number: usize) -> &str {
        Lines::of(&self.text).nth(number).unwrap_or("")
    }

    /// The policy's revision.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.line(0)
    }

    /// For how many seconds a decision holds.
    #[must_use]
    pub fn lifetime(&self) -> &str {
        self.line(1)
    }

    /// The site's key.
    #[must_use]
    pub fn site(&self) -> &str {
        self.line(3)
    }

    /// The banner's version.
    #[must_use]
    pub fn banner(&self) -> &str {
        self.line(4)
    }

    /// The language that is shown.
    #[must_use]
    pub fn language(&self) -> &str {
        self.line(5)
    }

    /// For how many seconds a visitor's number is held.
    #[must_use]
    pub fn visitor_lifetime(&self) -> &str {
        self.line(6)
    }

    /// The purposes, in the site's order.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose<'_>> {
        Lines::of(&self.text).skip(7).map(|line| {
            let mut words = Lines::words(line);
            let (key, kind) = (words.text(), words.text());
            Purpose {
                key,
                is_asked: kind != "necessary",
                link: kind == "lead_link",
                services: words,
            }
        })
    }

    /// Calls with each switch and its bit, in the order of the consent cookie's bits.
    pub fn slots(&self, action: &mut dyn FnMut(Slot<'_>, u128)) {
        let mut bit = 1;
        for purpose in self.purposes().filter(|purpose| purpose.is_asked) {
            let mut services = purpose.services;
            // A purpose without services is one switch by itself.
            let mut service = services.text();
            loop {
                let mut parts = Lines::split(service, b':');
                let slot = Slot {
                    purpose: purpose.key,
                    service: parts.text(),
                    needs_visitor: purpose.link || !parts.text().is_empty(),
                };
                action(slot, bit);
                bit <<= 1;
                match services.next() {
                    Some(next) => service = next,
                    None => break,
                }
            }
        }
    }

    fn bits(&self, meant: &dyn Fn(Slot<'_>) -> bool) -> u128 {
        let mut bits = 0;
        self.slots(&mut |slot, bit| {
            if meant(slot) {
                bits |= bit;
            }
        });
        bits
    }

    /// The bits of everything that can be granted.
    #[must_use]
    pub fn all(&self) -> u128 {
        self.bits(&|_| true)
    }

    /// Whether these bits grant something that the visitor's number is needed for.
    #[must_use]
    pub fn needs_visitor(&self, bits: u128) -> bool {
        bits & self.bits(&|slot| slot.needs_visitor) != 0
    }

    /// The bits of a purpose, or of one service of it where one is named; 0 where the site has no
    /// such thing.
    #[must_use]
    pub fn bits_of(&self, purpose: &str, service: &str) -> u128 {
        self.bits(&|slot| {
            slot.purpose == purpose && (service.is_empty() || slot.service == service)
        })
    }

    /// The bits of what the browser refuses by a signal (Global Privacy Control).
    #[must_use]
    pub fn refused(&self) -> u128 {
        self.bits(&|slot| self.is_refused(slot.purpose))
    }

    /// Whether the browser refuses a purpose by a signal.
    #[must_use]
    pub fn is_refused(&self, purpose: &str) -> bool {
        !purpose.is_empty() && Lines::words(self.line(2)).any(|own| own == purpose)
    }

    /// The bits as a decision keeps them: with one more above all switches where something is granted by
    /// hand that the browser refuses by a signal, so that the signal is not honoured over it later.
    #[must_use]
    pub fn kept(&self, bits: u128) -> u128 {
        let all = self.all();
        let by_hand = if bits & self.refused() == 0 { 0 } else { all + 1 };
        bits & all | by_hand
    }

    /// Names every purpose and service that is asked and that these bits do not grant at all: what it
    /// keeps has to go.
    pub fn beyond(&self, bits: u128, name: &mut dyn FnMut(&str)) {
        self.slots(&mut |slot, bit| {
            if bits & bit == 0 {
                name(slot.service);
            }
            if bits & self.bits_of(slot.purpose, "") == 0 {
                name(slot.purpose);
            }
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::{Settings, tests::CONFIG};

    /// What the configuration asks, with purposes refused by a signal.
    pub(crate) fn asked_but(refused: &str) -> Asked {
        let purposes: Vec<_> = CONFIG.split('\n').skip(5).collect();
        Asked::of(format!(
            "3\n15552000\n{refused}\nshop\ndefault\nja\n31536000\n{}",
            purposes.join("\n")
        ))
    }

    pub(crate) fn asked() -> Asked {
        asked_but("")
    }

    #[test]
    fn its_bits_are_those_of_the_policy() {
        let (asked, settings) = (asked(), crate::settings::tests::settings());
        assert_eq!((asked.revision(), asked.lifetime()), ("3", "15552000"));
        assert_eq!((asked.site(), asked.banner(), asked.language()), ("shop", "default", "ja"));
        assert_eq!(asked.visitor_lifetime(), "31536000");
        assert_eq!(asked.all(), settings.all());
        for purpose in ["analytics", "video", "link", "necessary", "unheard_of"] {
            for service in ["", "ashiato", "tag"] {
                assert_eq!(
                    asked.bits_of(purpose, service),
                    settings.bits_of(purpose, service),
                    "{purpose} {service}"
                );
            }
        }
        for bits in 0..16 {
            assert_eq!(asked.needs_visitor(bits), settings.needs_visitor(bits));
            let (mut here, mut there) = (Vec::new(), Vec::new());
            asked.beyond(bits, &mut |key| here.push(key.to_owned()));
            settings.beyond(bits, |key| there.push(key.to_owned()));
            for keys in [&mut here, &mut there] {
                keys.retain(|key| !key.is_empty());
                keys.sort();
                keys.dedup();
            }
            assert_eq!(here, there);
        }
    }

    #[test]
    fn a_signal_refuses_whole_purposes() {
        let asked = asked_but("analytics unheard_of");
        assert_eq!(asked.refused(), 0b11);
        assert!(
            asked.is_refused("analytics") && !asked.is_refused("video") && !asked.is_refused("")
        );
        assert_eq!(asked_but("").refused(), 0);
        assert_eq!(asked.kept(0b01), 0b1_0001, "granted by hand all the same");
        assert_eq!(asked.kept(0b1_1100), 0b1100);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in any::<String>(), line in 0_usize..11) {
            let asked = asked();
            let mut lines: Vec<&str> = asked.text.split('\n').collect();
            lines[line] = &text;
            for text in [lines.join("\n"), text.clone()] {
                let asked = Asked::of(text);
                asked.beyond(asked.refused(), &mut |_| {});
            }
        }

        #[test]
        fn what_settings_read_is_read_alike(bits in 0_u128..16) {
            let settings = Settings::read(CONFIG).unwrap();
            prop_assert_eq!(asked().needs_visitor(bits), settings.needs_visitor(bits));
        }
    }
}
