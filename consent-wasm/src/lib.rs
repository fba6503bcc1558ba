//! The browser modules of Ashiato.
//!
//! This crate is built three times: with the feature `ui` into the module that asks, with `form` into the one
//! that checks lead forms, and with `tell` and `act` into one that is split: what signs and tells the
//! collector, and what only a grant or a lead form needs, whose exports are called `act_`. What is decided is
//! decided in plain Rust, tested natively; only `browser` touches the page. What is exported here is called by
//! the loader script and by nothing else.

// Without the standard library there is no machinery for panic messages: half of all bytes otherwise.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod asked;
pub mod banner;
pub mod blocked;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod choice;
pub mod client;
pub mod crumbs;
pub mod lead;
pub mod lines;
pub mod link;
pub mod queue;
pub mod session;
pub mod signer;
pub mod view;
pub mod watch;

#[cfg(all(target_arch = "wasm32", feature = "act"))]
pub use browser::act::*;
#[cfg(all(target_arch = "wasm32", feature = "form", not(feature = "tell")))]
pub use browser::form::*;
#[cfg(all(target_arch = "wasm32", feature = "tell"))]
pub use browser::tell::*;
#[cfg(all(target_arch = "wasm32", feature = "ui", not(feature = "tell")))]
pub use browser::ui::*;

/// A visitor downloads the allocator too: this one is a tenth of the usual one's size, and made for
/// modules that live in small, short allocations as these do.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

/// Nothing here panics on purpose. Should anything, the call ends, the loader catches what the
/// browser makes of it, and the page goes on.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
