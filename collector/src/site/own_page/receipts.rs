//! The decisions on record, each with its receipt and its proof.

use maud::{Markup, html};

use super::{Held, Page, fill};

impl Page<'_> {
    pub(super) fn receipts(&self, held: &Held) -> Markup {
        html! {
            p { (self.word("me_receipts_text")) " " a href="/.well-known/jwks.json" { (self.word("me_keys")) } }
            @for receipt in &held.receipts {
                article {
                    h3 { (self.method(&receipt.method)) " " time { (self.time(receipt.at)) } }
                    p {
                        (self.speech.labelled(self.speech.record("device"), self.speech.device(&receipt.device))) br;
                        (fill(self.word("me_leaf"), &[("n", &receipt.leaf.to_string())])) " "
                        a href=(receipt.proof) { (self.word("me_proof")) }
                    }
                    details {
                        summary { (self.word("me_receipt")) }
                        pre { code { (receipt.receipt) } }
                    }
                }
            }
        }
    }

    fn method(&self, method: &str) -> &str {
        self.word(match method {
            "accept_all" => "accept",
            "reject_all" => "reject",
            "withdraw" => "me_withdrawn",
            "gpc" => "me_gpc",
            _ => "customise",
        })
    }
}
