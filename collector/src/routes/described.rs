//! Calls of the API, each routed with what is told of it: neither is there without the other.

use axum::{
    Router,
    body::Bytes,
    handler::Handler,
    http::header,
    response::IntoResponse as _,
    routing::{MethodFilter, get, on},
};

use super::App;
use crate::openapi::{Document, Method, Operation, Schemas};

/// Where the description is.
pub(super) const ADDRESS: &str = "/api/openapi.json";

/// Calls in the making.
#[derive(Debug, Default)]
pub(super) struct Described {
    router: Router<App>,
    document: Document,
}

impl Described {
    /// A call at a path, by the method that its description names.
    pub(super) fn call<H, T>(
        mut self,
        path: &'static str,
        handler: H,
        describe: fn(&mut Schemas) -> Operation,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let method = match self.document.add(path, describe) {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        };
        self.router = self.router.route(path, on(method, handler));
        self
    }

    /// The calls, and where they are described.
    pub(super) fn finish(self, public_url: &str) -> Router<App> {
        let document = Bytes::from(self.document.finish(public_url).to_string());
        let answer = move || {
            let document = document.clone();
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
            async move { (headers, document).into_response() }
        };
        self.router.route(ADDRESS, get(answer))
    }

    /// The description alone.
    #[cfg(test)]
    pub(super) fn document(self) -> serde_json::Value {
        self.document.finish("https://consent.example.com")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let paths = document["paths"].as_object().unwrap();
        let all = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, it)| (path.clone(), method.clone(), it.clone()))
        });
        all.collect()
    }

    /// Every call goes by [`Described::call`], which takes no handler without its description, and no description
    /// without its handler. So what must not be is a call that goes round it.
    #[test]
    fn no_call_is_routed_without_a_description() {
        let routes = include_str!("mod.rs");
        let (before, calls) = routes.split_once("fn calls()").unwrap();
        let (calls, after) = calls.split_once("\n}\n").unwrap();
        assert!(!before.contains("\"/api/") && !after.contains("\"/api/"), "an address round it");
        let routed: BTreeSet<&str> =
            calls.split("\"/api/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let document = super::super::calls().document();
        let described = operations(&document);
        let described: BTreeSet<&str> =
            described.iter().filter_map(|(path, ..)| path.strip_prefix("/api/")).collect();
        assert_eq!(routed, described);
        assert!(described.contains("v1/query"), "{described:?}");
    }

    #[test]
    fn each_call_says_what_it_is_who_may_and_what_it_refuses() {
        let document = super::super::calls().document();
        let mut ids = BTreeSet::new();
        for (path, method, call) in operations(&document) {
            let name = format!("{method} {path}");
            assert!(ids.insert(call["operationId"].as_str().unwrap().to_owned()), "{name}");
            assert!(!call["summary"].as_str().unwrap().is_empty(), "{name}");
            assert_eq!(call["security"][0]["token"].as_array().unwrap().len(), 1, "{name}");
            for status in ["401", "403", "429", "503"] {
                assert!(call["responses"][status].is_object(), "{name}: {status}");
            }
            let parameters = call["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = parameters.iter().filter(|it| it["in"] == "path");
            let named: Vec<_> =
                in_path.map(|it| format!("{{{}}}", it["name"].as_str().unwrap())).collect();
            assert_eq!(path.matches('{').count(), named.len(), "{name}");
            assert!(named.iter().all(|it| path.contains(it.as_str())), "{name}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(parts) => {
                    found.extend(parts.get("$ref").and_then(Value::as_str));
                    parts.values().for_each(|part| references(part, found));
                }
                Value::Array(parts) => parts.iter().for_each(|part| references(part, found)),
                _ => {}
            }
        }
        let document = super::super::calls().document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.contains(&"#/components/schemas/Problem"));
        for reference in found {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{reference}");
        }
    }
}
