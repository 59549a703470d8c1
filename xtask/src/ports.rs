//! Ports for stacks that run beside others.
//!
//! Not from the kernel's own range: what is free there may be the near end of
//! somebody's outgoing connection a moment later, before the part that it was
//! meant for has been started.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result, bail};

/// Below what Linux (32768) and macOS (49152) give out by themselves, above
/// what well-known servers use.
const RANGE: Range<u16> = 20_000..32_000;

/// `N` ports on which nobody listens, and none that this process was given
/// before.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    static OFFSET: AtomicU16 = AtomicU16::new(0);
    let mut seed = [0; 2];
    getrandom::fill(&mut seed).context("random bytes for a port")?;
    // Where to begin differs between processes, the steps do not within one.
    let _ = OFFSET.compare_exchange(
        0,
        u16::from_be_bytes(seed) % RANGE.end,
        Ordering::Relaxed,
        Ordering::Relaxed,
    );
    let mut ports = [0; N];
    for port in &mut ports {
        *port = next(&OFFSET)?;
    }
    Ok(ports)
}

fn next(offset: &AtomicU16) -> Result<u16> {
    for _ in RANGE {
        let step = offset.fetch_add(1, Ordering::Relaxed);
        let port = RANGE.start + step % (RANGE.end - RANGE.start);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!(
        "no free port from {} to {} on 127.0.0.1",
        RANGE.start,
        RANGE.end - 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_given_out_once_and_lie_outside_the_kernels_range() {
        let mut all: Vec<u16> = (0..20).flat_map(|_| free::<5>().unwrap()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|port| RANGE.contains(port)));
    }

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        let [port] = free().unwrap();
        let _holder = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let offset = AtomicU16::new(port - RANGE.start);
        assert_ne!(next(&offset).unwrap(), port);
    }
}
