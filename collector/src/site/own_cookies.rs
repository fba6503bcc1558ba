//! The product's own two cookies in a site file.

use consent_core::{
    cookie::{CONSENT_COOKIE, VISITOR_COOKIE},
    policy::Kind,
    time::COOKIE_MAX_DAYS,
};

use super::{
    check::Check,
    complaint::{Said, both, said},
};

impl Check<'_> {
    /// The product's own cookies are declared, and as long-lived as they are.
    pub(super) fn own_cookies(&mut self) {
        let needs_visitor = self.file.purposes.iter().any(|purpose| {
            let mut services = purpose.services.iter();
            purpose.kind == Kind::LeadLink || services.any(|service| !service.events.is_empty())
        });
        let mut kinds = self.file.purposes.iter().map(|purpose| purpose.kind);
        // Without a necessary purpose that is what is wrong.
        if kinds.any(|kind| kind == Kind::Necessary) {
            self.own_cookie(CONSENT_COOKIE, "consent_days", self.file.consent_days);
        }
        if needs_visitor {
            self.own_cookie(VISITOR_COOKIE, "visitor_days", self.file.visitor_days);
        }
    }

    fn own_cookie(&mut self, name: &str, setting: &str, lives: u32) {
        if !(1..=COOKIE_MAX_DAYS).contains(&lives) {
            return; // the setting itself is wrong
        }
        let mut declared = false;
        let wants_necessary = name == CONSENT_COOKIE;
        for (at, purpose) in self.file.purposes.iter().enumerate() {
            for (to, service) in purpose.services.iter().enumerate() {
                for (index, cookie) in service.cookies.iter().enumerate() {
                    if cookie.name != name {
                        continue;
                    }
                    declared = true;
                    let path = format!("purposes[{at}].services[{to}].cookies[{index}]");
                    if cookie.days != lives {
                        let days = cookie.days;
                        self.complain(
                            &format!("{path}.days"),
                            said!(
                                "Cookie `{name}`：days = {days} ですが、実際の有効期間は{lives}日です",
                                "cookie `{name}`: days = {days}, but it lives {lives}"
                            ),
                            said!(
                                "{setting} = {lives} と同じ値にしてください",
                                "make it the same as {setting} = {lives}"
                            ),
                        );
                    }
                    if wants_necessary != (purpose.kind == Kind::Necessary) {
                        let remedy = if wants_necessary {
                            both(
                                "necessary の目的に移してください。何を選んでも設定されるCookieです",
                                "move it to the necessary purpose: it is set whatever is chosen",
                            )
                        } else {
                            both(
                                "そのCookieをイベントに使うサービスに移してください。同意があるときだけ設定されるCookieです",
                                "move it to the service whose events need it: it is set under a grant only",
                            )
                        };
                        let key = &purpose.key;
                        let message = said!(
                            "Cookie `{name}`：目的 `{key}` の中にあります",
                            "cookie `{name}`: in purpose `{key}`"
                        );
                        self.complain(&format!("{path}.name"), message, remedy);
                    }
                }
            }
        }
        if !declared {
            let place = if wants_necessary {
                both("necessary の目的のサービス", "a service of the necessary purpose")
            } else {
                both("そのCookieをイベントに使うサービス", "the service whose events need it")
            };
            let place = &Said::from(place);
            self.complain(
                "purposes",
                said!(
                    "Cookie `{name}` が、設定されるのに書かれていません",
                    "cookie `{name}` is set and not declared"
                ),
                said!(place;
                    "{place}に加えてください：cookies = [{{ name = \"{name}\", days = {lives}, use = {{ … }} }}]",
                    "add to {place}: cookies = [{{ name = \"{name}\", days = {lives}, use = {{ … }} }}]"
                ),
            );
        }
    }
}
