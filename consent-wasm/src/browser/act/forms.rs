//! Lead forms: what somebody sends goes to the collector, then the form goes where it goes without us.
//!
//! Whatever fails, the form goes on: nothing may lose what a person has written.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::*;

use super::{Act, Here, say};
use crate::{
    lead::{Outcome, Sending, Sent, may_link},
    lines::Lines,
    watch::Page,
};

#[wasm_bindgen]
extern "C" {
    /// A number for a call of the collector: its answer is told as that to the form of this number.
    fn awaits_lead(number: u32) -> u32;
}

impl Act {
    /// What the script tells of a form.
    pub(super) fn told_of_lead(&mut self, what: u8, number: u32, mut lines: Lines<'_>) -> u32 {
        if what == 13 {
            return self.begins(lines.text());
        }
        let Some(lead) = self.lead.as_mut() else { return 0 };
        match what {
            // A control, as it stands: its type, its name and its value, a line each; 1 where it is
            // ticked.
            14 => {
                let (kind, name) = (lines.text(), lines.text());
                lead.sent.fill(name, kind, number != 0, lines.rest().unwrap_or(""));
            }
            // What the page knows of who is there: a field's name and its value, a line each. Told after
            // the controls.
            15 => {
                let name = lines.text();
                lead.sent.add(name, lines.rest().unwrap_or(""));
            }
            // Everything of it has been told.
            16 => send(lead),
            // The collector finds fault with a field of the form of that number: the field and the code,
            // a line each. Whether its visitor has to mend it.
            17 => {
                let field = lines.text();
                return u32::from(lead.number == number && lead.fault(field, lines.text()));
            }
            // What becomes of the form of that number, after its faults have been told: the status in
            // the text, 0 where the collector has not answered in time.
            _ if lead.number == number => {
                let outcome = lead.answered(super::call(&mut lines));
                if outcome == Outcome::Waits && !lead.is_done() {
                    send(lead);
                }
                return outcome as u32;
            }
            _ => {}
        }
        0
    }

    /// A form of this key is sent: its number.
    fn begins(&mut self, key: &str) -> u32 {
        let asked = &self.watch.asked;
        let links = may_link(asked, Here.decision().as_ref(), Here.clock());
        let sent = Sent {
            site: asked.site().into(),
            form: key.into(),
            visitor: if links { Here.visitor() } else { String::new() },
            url: self.watch.place.clean(&Here.address()),
            entries: Vec::new(),
        };
        let number = self.lead.as_ref().map_or(0, |last| last.number) + 1;
        self.lead = Some(Sending::new(number, sent));
        number
    }
}

fn send(lead: &Sending) {
    say(awaits_lead(lead.number), "/v1/leads", lead.sent.to_json(), &lead.sent.visitor, false);
}
