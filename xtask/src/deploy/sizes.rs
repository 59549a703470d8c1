//! What a Worker may weigh on Cloudflare.
//!
//! Our own budgets, which are smaller, are in [`bundle`](crate::bundle).

use anyhow::{Result, bail};

use super::wrangler::Upload;
use crate::project::Worker;

/// The size limit of the free plan, in bytes after gzip. The paid plan's was 10 MB;
/// since 2026 Cloudflare's page of limits says 64 MiB for both. The smallest counts
/// here.
const MAX_GZIP_BYTES: u64 = 3_000_000;

/// A line about the size. Errors: the Worker is over the limit.
pub(super) fn check(worker: Worker, upload: &Upload) -> Result<String> {
    let name = worker.name();
    let Some(bytes) = upload.gzip_bytes else {
        bail!("wrangler did not say how large {name} is");
    };
    if bytes > MAX_GZIP_BYTES {
        bail!("{name} has {bytes} bytes after gzip, which is more than Cloudflare allows");
    }
    Ok(format!(
        "{name}: {} KiB after gzip; the smallest limit of Cloudflare's was {} KiB",
        bytes / 1024,
        MAX_GZIP_BYTES / 1024
    ))
}
