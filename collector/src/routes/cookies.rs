//! The visitor's two cookies, set by the collector where it is same-site with the page: Safari keeps
//! what scripts set for a week only.
//!
//! What is decided and set never depends on a cookie that a browser sends along, and none is ever set
//! for a decision that is not in force: an old yes that is sent again must not come back.

use axum::http::HeaderMap;
use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    time::{COOKIE_MAX_DAYS, Millis},
};

use crate::{
    domains::Jar,
    intake::consents::{Decide, Decided},
    sites::Site,
    store::visitors::Visitor,
};

/// What a decision's answer is to set, once it is in force.
#[derive(Debug)]
pub(super) struct Cookies {
    /// What follows the lifetime, the same for both.
    where_to: String,
    consent: ConsentCookie,
    consent_days: u32,
    visitor_days: u32,
    needs_visitor: bool,
}

impl Cookies {
    /// Of a decision made on a page of that origin, by a browser that sends a Global Privacy Control
    /// signal or not; none where the page alone sets them.
    pub(super) fn of(decide: &Decide, origin: &str, signal: bool) -> Option<Self> {
        let Decide { site, request, .. } = decide;
        let jar = site.jar(origin)?;
        let where_to = standing(&jar);
        // To the letter what the page has written at the click, and by its clock, which the page alone
        // goes by: the decision's id is made of that, whereas `decided_at` is corrected by ours.
        let made = request.id.time();
        let consent = ConsentCookie::of(&site.policy, &request.choices(), made, None);
        let refused = if signal { &*site.gpc } else { &[] };
        let consent = consent.under_signal(&site.policy, refused);
        Some(Self {
            where_to,
            consent: ConsentCookie { revision: request.revision, ..consent },
            consent_days: site.file.consent_days,
            visitor_days: site.file.visitor_days,
            needs_visitor: decide.needs_visitor(),
        })
    }

    /// The `Set-Cookie` lines of what became of it.
    pub(super) fn lines(&self, decided: &Decided) -> Vec<String> {
        if !decided.in_force {
            return Vec::new();
        }
        let receipt = decided.receipt.as_ref().map(|(id, _)| *id);
        let receipt = receipt.filter(|_| self.consent.bits != 0);
        let consent = ConsentCookie { receipt, ..self.consent }.to_text();
        let mut lines = vec![self.line(CONSENT_COOKIE, &consent, self.consent_days)];
        if !self.needs_visitor {
            lines.push(self.line(VISITOR_COOKIE, "", 0));
        } else if let Some(visitor) = decided.visitor {
            lines.push(self.line(VISITOR_COOKIE, &visitor.to_text(), self.visitor_days));
        } // Somebody known keeps the number that they have: here its keyed hash alone is known.
        lines
    }

    fn line(&self, name: &str, value: &str, days: u32) -> String {
        let seconds = u64::from(days.min(COOKIE_MAX_DAYS)) * 86_400;
        format!("{name}={value}; Max-Age={seconds}{}", self.where_to)
    }
}

/// What a visitor has decided last, as a consent cookie by the collector's clock, for a page that may have heard
/// nothing of it: it was decided where the page's cookies are not seen. The browser sends a Global Privacy Control
/// signal or not.
pub(super) fn last(site: &Site, visitor: &Visitor, signal: bool, now: Millis) -> Option<String> {
    let Visitor { standing, times, .. } = visitor;
    let policy = &site.policy;
    let receipt = standing.receipt()?;
    if standing.revision() != policy.revision() || standing.expires() <= now {
        return None;
    }
    let bits = policy.slots().enumerate().fold(0, |bits, (at, slot)| {
        bits | u128::from(standing.find(slot.purpose, slot.service).is_some()) << at
    });
    let receipt = Some(receipt).filter(|_| bits != 0);
    let (revision, decided) = (standing.revision(), times.decided);
    let cookie = ConsentCookie { revision, decided, bits, receipt };
    Some(cookie.under_signal(policy, if signal { &site.gpc } else { &[] }).to_text())
}

/// What follows the lifetime of a cookie in that jar.
fn standing(jar: &Jar<'_>) -> String {
    let mut text = String::from("; Path=/; SameSite=Lax");
    if jar.secure {
        text.push_str("; Secure");
    }
    if let Some(domain) = jar.domain {
        text.push_str("; Domain=");
        text.push_str(domain);
    }
    text
}

/// The `Set-Cookie` lines that take both cookies away: nothing is known any more that they could rest on.
pub(super) fn gone(jar: &Jar<'_>) -> [String; 2] {
    let where_to = standing(jar);
    [CONSENT_COOKIE, VISITOR_COOKIE].map(|name| format!("{name}=; Max-Age=0{where_to}"))
}

/// Whether the browser sent a Global Privacy Control signal: exactly `1`, at least once.
pub(super) fn signal(headers: &HeaderMap) -> bool {
    headers.get_all("sec-gpc").iter().any(|value| value.as_bytes() == b"1")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use consent_core::{
        choices::Method,
        ids::{ReceiptId, Uuid7, VisitorId},
        time::Millis,
        wire::ConsentRequest,
    };

    use super::*;
    use crate::{
        session::Session,
        sites::{Site, tests as sites},
    };

    const PAGE: &str = "https://www.shop.example";
    const NOW: Millis = Millis(1_800_000_000_000);

    async fn site() -> Site {
        let (_folder, mut db, readers, all) = sites::fresh("https://consent.shop.example").await;
        sites::apply(&mut db, "shop", &[PAGE]).await;
        all.refresh(&readers).await.unwrap();
        let site = all.get("shop").unwrap();
        drop(all);
        Arc::into_inner(site).unwrap()
    }

    fn decide(site: Site, granted: &[&str]) -> Decide {
        let session = Session { site: site.key.clone(), expires: NOW, visitor: None };
        let request = ConsentRequest {
            id: Uuid7::new(NOW, &[7; 10]),
            site: "shop".to_owned(),
            revision: 1,
            language: "ja".to_owned(),
            page: PAGE.to_owned(),
            banner: "default".to_owned(),
            method: Method::Custom,
            decided_at: NOW.plus(3_600_000),
            previous: None,
            purposes: granted.iter().map(|key| (key.parse().unwrap(), true)).collect(),
            services: [].into(),
        };
        Decide {
            site: Arc::new(site),
            session_text: session.to_text("key", &[9; 16]),
            session,
            request,
            device: crate::device::Device::Unknown,
            public_url: "https://consent.shop.example".into(),
            random: ([0; 16], [0; 32], [0; 16]),
        }
    }

    fn taken() -> Decided {
        Decided {
            receipt: Some((ReceiptId::from_bytes([9; 16]), String::new())),
            visitor: Some(VisitorId::from_bytes([8; 16])),
            in_force: true,
            ..Decided::default()
        }
    }

    async fn said(gpc: &[&str], granted: &[&str], signal: bool) -> String {
        let mut site = site().await;
        site.gpc = gpc.iter().map(|key| key.parse().unwrap()).collect();
        let cookies = Cookies::of(&decide(site, granted), PAGE, signal).unwrap();
        let lines = cookies.lines(&taken());
        lines[0].split([';', '=']).nth(1).unwrap().to_owned()
    }

    #[tokio::test]
    async fn what_was_granted_by_hand_under_a_signal_says_so() {
        let receipt = "CQkJCQkJCQkJCQkJCQkJCQ";
        let gpc = ["marketing"];
        assert_eq!(said(&gpc, &["marketing"], true).await, format!("1.mywpiww0.28.{receipt}"));
        assert_eq!(said(&gpc, &["marketing"], false).await, format!("1.mywpiww0.8.{receipt}"));
        assert_eq!(said(&gpc, &["functional"], true).await, format!("1.mywpiww0.1.{receipt}"));
        assert_eq!(said(&[], &["marketing"], true).await, format!("1.mywpiww0.8.{receipt}"));
    }

    #[tokio::test]
    async fn no_cookie_lives_longer_than_browsers_keep_one() {
        let mut site = site().await;
        (site.file.consent_days, site.file.visitor_days) = (1_000, 401);
        let cookies = Cookies::of(&decide(site, &["analytics"]), PAGE, false).unwrap();
        let lines = cookies.lines(&taken());
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.contains("; Max-Age=34560000;")), "{lines:?}");
    }

    #[tokio::test]
    async fn nothing_is_set_of_what_is_not_in_force_nor_for_pages_elsewhere() {
        let decide = decide(site().await, &["analytics"]);
        let cookies = Cookies::of(&decide, PAGE, false).unwrap();
        assert!(cookies.lines(&Decided { in_force: false, ..taken() }).is_empty());
        assert!(Cookies::of(&decide, "https://elsewhere.example", false).is_none());
    }

    #[test]
    fn a_signal_is_exactly_a_one() {
        let sent = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("sec-gpc", value.parse().unwrap());
            }
            signal(&headers)
        };
        assert!(sent(&["1"]) && sent(&["0", "1"]));
        for other in [&[][..], &["0"], &["true"], &["1.0"], &["11"], &["?1"]] {
            assert!(!sent(other), "{other:?}");
        }
    }
}
