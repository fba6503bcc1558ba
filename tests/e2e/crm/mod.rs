//! Leads as a CRM or a mail system gives, reads, changes and erases them by the API.

use ashiato_tests::{Answer, Collector, Data, collector::UNLIMITED};
use serde_json::{Value, json};

mod change;
mod give;
mod list;
mod refused;

/// A collector, and tokens that may read and that may write.
struct Crm {
    data: Data,
    collector: Collector,
    reads: String,
    writes: String,
}

impl Crm {
    fn start() -> Self {
        Self::on(Data::new())
    }

    fn on(data: Data) -> Self {
        let public = ["--public-url", "https://consent.hiyori.example"];
        let flags: Vec<_> = UNLIMITED.into_iter().chain(public).collect();
        let collector = Collector::start_in(&data, &flags, &[("ASHIATO_LOG", "trace")]);
        let (reads, writes) =
            (data.token("shop", &["leads"]), data.token("shop", &["leads:write"]));
        Self { data, collector, reads, writes }
    }

    /// A call with a token and these headers.
    fn call(
        &self,
        (method, path): (&str, &str),
        token: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = self.collector.request(method, path);
        request = request.header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.collector.send(request, body).unwrap()
    }

    fn give_as(&self, more: &str, headers: &[(&str, &str)], lead: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let path = format!("/api/v1/leads{more}");
        self.call(("POST", &path), &self.writes, &headers, &lead.to_string())
    }

    /// Gives a lead that is new; its id.
    fn give(&self, lead: &Value) -> String {
        let answer = self.give_as("", &[], lead).expect(201);
        answer["id"].as_str().unwrap().to_owned()
    }

    fn get(&self, path: &str) -> Answer {
        self.call(("GET", path), &self.reads, &[], "")
    }

    /// A lead by its id.
    fn lead(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/leads/{id}?site=shop")).expect(200)
    }

    fn page(&self, more: &str) -> Value {
        self.get(&format!("/api/v1/leads?site=shop{more}")).expect(200)
    }

    fn change(&self, id: &str, headers: &[(&str, &str)], fields: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let path = format!("/api/v1/leads/{id}?site=shop");
        let body = json!({ "fields": fields }).to_string();
        self.call(("PATCH", &path), &self.writes, &headers, &body)
    }

    fn erase(&self, id: &str) -> Answer {
        let path = format!("/api/v1/leads/{id}?site=shop");
        self.call(("DELETE", &path), &self.writes, &[], "")
    }

    /// The actions that the shop's trail has of a lead.
    fn trail(&self, id: &str) -> Vec<String> {
        let told = self.data.run(&["audit", "list", "--site", "shop", "--object", id, "--json"]);
        let action = |line: &str| {
            let entry: Value = serde_json::from_str(line).unwrap();
            entry["action"].as_str().unwrap().to_owned()
        };
        told.lines().map(action).collect()
    }
}

/// A lead of somebody with that address.
fn person(email: &str) -> Value {
    json!({
        "site": "shop",
        "form": "contact",
        "fields": {"name": "足跡 花子", "email": email, "message": "展示会で名刺を交換"},
        "ground": "card_exchanged",
        "proof": "京都展示会 2026-11-20",
        "by": "crm.example",
    })
}

fn ids(page: &Value) -> Vec<String> {
    let id = |lead: &Value| lead["id"].as_str().unwrap().to_owned();
    page["results"].as_array().unwrap().iter().map(id).collect()
}
