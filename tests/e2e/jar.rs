//! A browser that keeps every cookie.

use std::collections::BTreeMap;

use ashiato_tests::{Answer, Collector, Data};

/// A browser: it keeps cookies, and sends what a browser sends.
pub(crate) struct Browser<'c> {
    collector: &'c Collector,
    cookies: BTreeMap<String, String>,
}

impl<'c> Browser<'c> {
    pub(crate) const fn new(collector: &'c Collector) -> Self {
        Self { collector, cookies: BTreeMap::new() }
    }

    /// Somebody of that role on the site `shop`, logged in by their link.
    pub(crate) fn somebody(
        data: &Data,
        collector: &'c Collector,
        email: &str,
        role: &str,
        password: &str,
    ) -> Self {
        let link = data.run(&["user", "add", "--email", email, "--role", role, "--site", "shop"]);
        let mut browser = Self::new(collector);
        assert_eq!(browser.use_link(&link, email, password).status, 303);
        browser
    }

    pub(crate) fn use_link(&mut self, link: &str, email: &str, password: &str) -> Answer {
        let place = link.find("/office/").unwrap();
        let fields =
            [("email", email), ("password", password), ("again", password), ("language", "en")];
        self.post(link[place..].trim(), &fields)
    }

    pub(crate) fn log_in(&mut self, email: &str, password: &str) -> Answer {
        let fields =
            [("email", email), ("password", password), ("language", "en"), ("next", "/office")];
        self.post("/office/login", &fields)
    }

    pub(crate) fn second(&mut self, code: &str) -> Answer {
        let fields = [("code", code), ("language", "en"), ("next", "/office")];
        self.post("/office/login/second", &fields)
    }

    pub(crate) fn confirm(&mut self, code: &str, password: &str) -> Answer {
        let token = self.token();
        let fields = [("token", token.as_str()), ("code", code), ("known", password)];
        self.post("/office/account/totp/confirm", &fields)
    }

    /// What its forms carry.
    pub(crate) fn token(&mut self) -> String {
        let page = self.get("/office/account").body;
        between(&page, "name=\"token\" value=\"", "\"").to_owned()
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request = self.collector.request("GET", path).header("accept-language", "en");
        let answer = self.collector.send(request.header("cookie", self.cookie()), []).unwrap();
        self.keep(answer)
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.collector.authority());
        let request = self
            .collector
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept-language", "en")
            .header("origin", origin)
            .header("cookie", self.cookie());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let answer = self.collector.send(request, body).unwrap();
        self.keep(answer)
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for (pair, attributes) in answer.cookies() {
            let (name, value) = pair.split_once('=').unwrap();
            assert!(attributes.contains(&"HttpOnly") && attributes.contains(&"SameSite=Lax"));
            if attributes.contains(&"Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// What stands between two texts.
pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| unreachable!("no {from:?} in {text}")).1;
    rest.split_once(to).unwrap_or_else(|| unreachable!("no {to:?} in {rest}")).0
}
