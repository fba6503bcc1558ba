//! The browser client's build.

use std::path::Path;

use anyhow::{Result, bail};

/// Builds the client into `target/client`.
pub(crate) fn build(root: &Path) -> Result<()> {
    bail!("{} has no client yet", root.display())
}
