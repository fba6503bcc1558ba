use super::*;

const SHOP: &str = include_str!("../../../demo-site/shop.toml");

/// The demo shop's file.
pub(super) fn shop() -> SiteFile {
    parse(SHOP).unwrap()
}

#[test]
fn look() {
    let file = parse(SHOP).map_err(|c| report("shop.toml", &c)).unwrap();
    for l in ["ja", "en"] {
        let t = file.texts(l);
        std::fs::write(
            format!("/tmp/sitework/{l}.html"),
            file.policy_page(l, 3).into_string(),
        )
        .unwrap();
    }
    std::fs::write("/tmp/sitework/policy.css", POLICY_STYLE).unwrap();
}
