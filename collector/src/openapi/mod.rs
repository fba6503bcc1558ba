//! What the API's calls take and answer, as an `OpenAPI` 3.1 document (<https://spec.openapis.org/oas/v3.1.1.html>).
//!
//! Schemas are made of the types that are read and written, by `schemars`, whose dialect (JSON Schema 2020-12) is
//! the document's own; limits stand there as the constants that are checked. What is described is tied to what
//! answers by `routes::described`.

pub mod object;
mod operation;
pub mod shape;
pub mod whole;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

pub use operation::{Method, Operation};

use crate::error;

/// Where schemas stand in a document.
const SCHEMAS: &str = "/components/schemas";
/// The name of the one way to say who calls.
const TOKEN: &str = "token";

/// The schemas that a document has by name.
#[derive(Debug)]
pub struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = SCHEMAS.into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    /// The schema of what is read from a caller.
    pub fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// The schema of what is answered.
    pub fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    fn named(mut self) -> Map<String, Value> {
        let mut named = self.read.take_definitions(true);
        named.append(&mut self.written.take_definitions(true));
        named
    }
}

/// A document in the making.
#[derive(Debug)]
pub struct Document {
    paths: Map<String, Value>,
    schemas: Schemas,
}

impl Default for Document {
    fn default() -> Self {
        let mut schemas = Schemas::new();
        schemas.written::<error::Body<'_>>();
        Self { paths: Map::new(), schemas }
    }
}

impl Document {
    /// Adds a call.
    pub fn add(&mut self, path: &str, described: impl FnOnce(&mut Schemas) -> Operation) -> Method {
        let operation = described(&mut self.schemas);
        let method = operation.method();
        let of_path = self.paths.entry(path).or_insert_with(|| json!({}));
        of_path[method.as_str()] = operation.into_value();
        method
    }

    /// The document, for a collector at that address.
    #[must_use]
    pub fn finish(self, public_url: &str) -> Value {
        json!({
            "openapi": "3.1.1",
            "info": {
                "title": "Ashiato",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "Consented behaviour and leads of a site",
                "description": ABOUT,
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            },
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "servers": [{ "url": public_url }],
            "tags": [
                { "name": "figures", "description": "What visitors did who agreed" },
                { "name": "leads", "description": "People who left their details" },
                { "name": "operation", "description": "How the collector fares" },
            ],
            "paths": self.paths,
            "components": {
                "schemas": self.schemas.named(),
                "securitySchemes": {
                    TOKEN: {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "`ashiato token add --site SITE --scope SCOPE` prints a token once. A token is \
                            one of a single site, and has the scopes that it was made with.",
                    },
                },
            },
        })
    }
}

const ABOUT: &str = "Every answer stands for visitors who agreed, and says what part of those asked that is. What is \
    refused is a problem (RFC 9457) with a `code` that stays the same. Times are milliseconds since 1970, days \
    are those of the site's time zone. docs/api.md has examples.";
