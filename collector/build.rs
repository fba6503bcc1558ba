//! Embeds the built client (`cargo xtask build` puts it into `target/client`), so that one binary
//! is the whole product. Without it the collector still compiles, and says at start what is missing.

use std::{env, fmt::Write as _, fs, path::PathBuf};

const PARTS: [&str; 10] = [
    "loader.js",
    "ui.js",
    "ui.wasm",
    "tell.js",
    "tell.wasm",
    "act.js",
    "act.wasm",
    "form.js",
    "form.wasm",
    "ashiato.d.ts",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let client = here.join("../target/client");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations"); // a new file is embedded as well
    println!("cargo:rerun-if-changed={}", client.display());
    let mut code = String::from(
        "/// The parts of the client, by name; empty where it was not built.\npub(super) const PARTS: &[(&str, &[u8])] = &[",
    );
    if PARTS.iter().all(|part| client.join(part).is_file()) {
        for part in PARTS {
            let path = fs::canonicalize(client.join(part))?;
            println!("cargo:rerun-if-changed={}", path.display());
            write!(code, "({part:?}, include_bytes!({:?})),", path.display().to_string())?;
        }
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("client_parts.rs"), code)?;
    Ok(())
}
