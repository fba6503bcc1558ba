//! Callers who may not: every refusal has its status and stable code, and leaves nothing behind.

mod bombs;
mod content;
mod handshakes;
mod limits;
mod origin;
mod signature;
mod slow;
mod storm;

use ashiato_tests::{Answer, Collector, Data, Visitor};

/// What is tried, and the status and code that refuse it.
type Case = (&'static str, u16, &'static str, Answer);

/// A collector with one visitor and one batch that it would take.
struct Scene {
    data: Data,
    collector: Collector,
    visitor: Visitor,
}

impl Scene {
    fn set() -> Self {
        let data = Data::new();
        let collector = Collector::start(&data);
        let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
        Self { data, collector, visitor }
    }

    fn good_batch(&self) -> String {
        self.visitor.batch(&[self.visitor.event("page_view")])
    }

    /// Every case is refused as a problem with its status and code, and no table grows.
    #[track_caller]
    fn refuses<const N: usize>(&self, cases: impl FnOnce() -> [Case; N]) {
        let before = self.rows();
        for (what, status, code, answer) in cases() {
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            assert_eq!(answer.problem(status), code, "{what}");
        }
        assert_eq!(self.rows(), before);
    }

    fn rows(&self) -> std::collections::BTreeMap<String, i64> {
        self.data.database().rows()
    }

    /// A call with these headers.
    fn call(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let request =
            headers.iter().fold(self.collector.request("POST", path), |request, (name, value)| {
                request.header(*name, *value)
            });
        self.collector.send(request, body).unwrap()
    }
}
