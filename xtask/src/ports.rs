//! Where the parts of a stack listen, and free ports for stacks that run beside
//! others.
//!
//! Free ports are not from the kernel's own range: what is free there may be the
//! near end of an outgoing connection a moment later, before the part that the
//! port was meant for has started.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result, bail};

/// Below what Linux (32768) and macOS (49152) give out by themselves, above
/// what well-known servers use.
const RANGE: Range<u16> = 20_000..32_000;

/// Where each part listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// submit-fn.
    pub submit: u16,
    /// worker-fn.
    pub worker: u16,
    /// redis-rest.
    pub redis_rest: u16,
    /// The redis-server behind it.
    pub redis: u16,
    /// The runner.
    pub runner: u16,
}

impl Ports {
    /// Ports that are free now.
    pub fn free() -> Result<Self> {
        let [submit, worker, redis_rest, redis, runner] = free()?;
        Ok(Self {
            submit,
            worker,
            redis_rest,
            redis,
            runner,
        })
    }

    /// Errors if one of them is taken, with the part's name and its flag.
    pub fn check(&self) -> Result<()> {
        let Self {
            submit,
            worker,
            redis_rest,
            redis,
            runner,
        } = *self;
        for (part, flag, port) in [
            ("submit-fn", "submit-port", submit),
            ("worker-fn", "worker-port", worker),
            ("redis-rest", "redis-rest-port", redis_rest),
            ("redis-server", "redis-port", redis),
            ("the runner", "runner-port", runner),
        ] {
            if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
                bail!(
                    "port {port}, which {part} needs, cannot be had ({error}). \
                     Stop what listens there, or move {part}: --{flag} PORT"
                );
            }
        }
        Ok(())
    }
}

/// `N` ports on which nothing listens, and none that this process was given
/// before.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    static OFFSET: AtomicU16 = AtomicU16::new(0);
    let mut seed = [0; 2];
    getrandom::fill(&mut seed).context("random bytes for a port")?;
    // The first port differs between processes; within one they follow each
    // other.
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
    fn a_taken_port_is_passed_over() {
        let [port] = free().unwrap();
        let _holder = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let offset = AtomicU16::new(port - RANGE.start);
        assert_ne!(next(&offset).unwrap(), port);
    }

    #[test]
    fn a_taken_port_is_named_with_its_flag() {
        let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        // Port 0 is always free, whatever runs beside this test.
        let ports = Ports {
            submit: 0,
            worker: 0,
            redis_rest: 0,
            redis: 0,
            runner: holder.local_addr().unwrap().port(),
        };
        let message = ports.check().unwrap_err().to_string();
        assert!(message.contains(&ports.runner.to_string()), "{message}");
        assert!(message.contains("--runner-port"), "{message}");
    }
}
