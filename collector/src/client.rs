//! The embedded client and how it is served: hashed names, Brotli and gzip made once, when first asked for.

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use consent_core::ids::base64url;
use sha2::{Digest as _, Sha256};
use tokio::{sync::OnceCell, task::spawn_blocking};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/client_parts.rs"));
}

/// Something served to browsers, in the encodings they may ask for.
#[derive(Debug)]
pub struct Asset {
    /// The media type.
    pub content_type: &'static str,
    /// As it is.
    pub identity: Vec<u8>,
    /// A hash of the content.
    pub hash: String,
    brotli: OnceCell<Option<Vec<u8>>>,
    gzip: OnceCell<Option<Vec<u8>>>,
}

/// A coding that content is sent in (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932, quality 11.
    Brotli,
    /// RFC 1952, level 9.
    Gzip,
}

impl Coding {
    /// Its name in headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

impl Asset {
    /// Of that content.
    #[must_use]
    pub fn new(content_type: &'static str, body: Vec<u8>) -> Self {
        let mut hash = base64url(&Sha256::digest(&body)[..9]).replace(['-', '_'], "0");
        hash.make_ascii_lowercase();
        let (brotli, gzip) = (OnceCell::new(), OnceCell::new());
        Self { content_type, identity: body, hash, brotli, gzip }
    }

    /// It in that coding; none where it could not be coded. That takes a tenth of a second, so it is done once, for
    /// whoever is first to ask, and not for what nobody asks for: a collector may have many sites, each in many
    /// languages.
    pub async fn coded(&self, coding: Coding) -> Option<&[u8]> {
        let cell = match coding {
            Coding::Brotli => &self.brotli,
            Coding::Gzip => &self.gzip,
        };
        let packed = cell.get_or_init(|| async {
            let body = self.identity.clone();
            let pack = move || match coding {
                Coding::Brotli => brotli(&body),
                Coding::Gzip => gzip(&body),
            };
            match spawn_blocking(pack).await {
                Ok(Ok(packed)) => Some(packed),
                _ => None,
            }
        });
        packed.await.as_deref()
    }
}

fn brotli(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 18, ..Default::default() };
    let mut from = body;
    brotli::BrotliCompress(&mut from, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The media type of scripts.
pub const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The client's parts.
#[derive(Debug)]
pub struct Client {
    /// The loader, with [`CONFIG_MARK`] where the site's configuration goes, and [`CARRIED_MARK`] where the parts
    /// go that it carries along.
    pub loader: String,
    /// The script of the part that asks: an expression of JavaScript, a function of the texts.
    pub ui: String,
    /// The other parts by the name that the configuration calls them: `tell.js`, `tell.wasm`, ….
    pub parts: BTreeMap<&'static str, Arc<Asset>>,
    /// TypeScript types of `window.ashiato`.
    pub types: Arc<Asset>,
}

/// What stands in the loader for the site's configuration.
pub const CONFIG_MARK: &str = "__ASHIATO_CONFIG__";

/// What stands in the loader for what it carries along: a list of the part that asks, and its texts by language.
pub const CARRIED_MARK: &str = "__ASHIATO_CARRIED__";

/// The client was not built when the collector was.
#[derive(Debug, thiserror::Error)]
#[error(
    "this collector was built without the client, so it has nothing to serve\n  remedy: cargo xtask build"
)]
pub struct NotBuilt;

impl Client {
    /// The embedded client.
    ///
    /// # Errors
    /// Where the collector was built without it.
    pub fn embedded() -> Result<Self, NotBuilt> {
        let part = |name: &str| {
            let found = embedded::PARTS.iter().find(|(part, _)| *part == name);
            found.map(|(_, body)| body.to_vec()).ok_or(NotBuilt)
        };
        let script = |name| String::from_utf8(part(name)?).map_err(|_| NotBuilt);
        let (loader, ui) = (script("loader.js")?, script("ui.js")?);
        let mut parts = BTreeMap::new();
        for (name, content_type) in [
            ("ui.wasm", "application/wasm"),
            ("tell.js", SCRIPT),
            ("tell.wasm", "application/wasm"),
            ("act.js", SCRIPT),
            ("act.wasm", "application/wasm"),
            ("form.js", SCRIPT),
            ("form.wasm", "application/wasm"),
        ] {
            parts.insert(name, Arc::new(Asset::new(content_type, part(name)?)));
        }
        let types = Asset::new("text/plain; charset=utf-8", part("ashiato.d.ts")?);
        Ok(Self { loader, ui, parts, types: Arc::new(types) })
    }
}

/// The address of a part: `ui.wasm` with its hash becomes `ui.HASH.wasm`.
#[must_use]
pub fn hashed_name(name: &str, hash: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{name}.{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_asset_is_the_same_in_every_encoding() {
        use std::io::Read as _;
        let body = b"abc".repeat(200);
        let asset = Asset::new("text/plain", body.clone());
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut asset.coded(Coding::Brotli).await.unwrap(), &mut unpacked)
            .unwrap();
        assert_eq!(unpacked, body);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(asset.coded(Coding::Gzip).await.unwrap())
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, body);
        assert_ne!(asset.hash, Asset::new("text/plain", b"abd".to_vec()).hash);
    }

    #[test]
    fn a_hash_goes_before_the_extension() {
        assert_eq!(hashed_name("ui.wasm", "x1"), "ui.x1.wasm");
        assert_eq!(hashed_name("form-ja.json", "x1"), "form-ja.x1.json");
    }
}
