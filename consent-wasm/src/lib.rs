//! The browser modules of Ashiato.
//!
//! This crate is built twice: with the feature `ui` into the module that asks, and with `act` into
//! the one that does what only a grant or a lead form needs. What is decided is decided in plain
//! Rust, tested natively; only `browser` touches the page. What is exported here is called by the
//! loader script and by nothing else.

pub mod banner;
pub mod blocked;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod client;
pub mod session;
pub mod settings;

#[cfg(target_arch = "wasm32")]
pub use browser::Host;

/// A visitor downloads the allocator too: this one is a tenth of the usual one's size, and made for
/// modules that live in small, short allocations as these do.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

#[cfg(all(target_arch = "wasm32", feature = "ui"))]
pub mod asking {
    //! What the loader calls of the module that asks.

    use wasm_bindgen::prelude::*;

    use crate::browser::{Host, ui};

    /// To be called before anything else.
    #[wasm_bindgen]
    pub fn start(host: Host, texts: JsValue, style: String) {
        ui::start(host, texts, style);
    }

    /// Shows the first layer where a decision is due.
    #[wasm_bindgen]
    pub fn ask() {
        ui::with(|ui| ui.ask());
    }

    /// Shows the second layer.
    #[wasm_bindgen]
    pub fn open() {
        ui::with(|ui| ui.open());
    }

    /// Grants purposes beside what is granted; without any, everything.
    #[wasm_bindgen]
    pub fn accept(purposes: Vec<String>) {
        ui::with(|ui| ui.accept(&purposes));
    }

    /// Grants nothing any more.
    #[wasm_bindgen]
    pub fn refuse() {
        ui::with(|ui| ui.decide(0, false));
    }

    /// Whether what is marked with a purpose, and perhaps a service, may run.
    #[wasm_bindgen]
    pub fn may(purpose: &str, service: Option<String>) -> bool {
        ui::with(|ui| ui.may(purpose, service.as_deref())).unwrap_or(false)
    }

    /// Puts placeholders in front of blocked frames.
    #[wasm_bindgen]
    pub fn place() {
        ui::with(|ui| ui.place());
    }

    /// Follows a decision made elsewhere.
    #[wasm_bindgen]
    pub fn sync() {
        ui::with(|ui| ui.sync());
    }

    /// Tells the collector what an earlier page could not.
    #[wasm_bindgen]
    pub fn confirm(left: Option<String>) {
        ui::with(|ui| ui.resume(left));
    }
}
