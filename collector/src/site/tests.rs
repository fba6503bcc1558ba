mod bad;
mod history;
mod made;
mod pages;
mod signals;

use super::*;

const SHOP: &str = include_str!("../../../demo-site/shop.toml");

/// The demo shop's file.
pub(super) fn shop() -> SiteFile {
    parse(SHOP).unwrap()
}

/// The demo shop's text with one passage replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(SHOP.contains(from), "the shop's file has no {from}");
    SHOP.replacen(from, to, 1)
}

/// The demo shop's file with one passage replaced.
fn shop_with(from: &str, to: &str) -> SiteFile {
    let text = changed(from, to);
    parse(&text).unwrap_or_else(|complaints| panic!("{}", report("shop.toml", &complaints)))
}
