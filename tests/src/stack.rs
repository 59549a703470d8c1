//! Starting and stopping a local stack of the whole product: the same that
//! `cargo xtask dev` starts, on free ports.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use xtask::project::{self, Build};
use xtask::stack::{Options, Ports, Stack, Var};

/// Starts a stack. Its logs stay in the folder `.edgejudge/NAME` after the run.
pub fn start(name: &str, ports: Ports, submit_vars: Vec<Var>, worker_vars: Vec<Var>) -> Stack {
    let options = Options {
        ports,
        folder: fresh_folder(name),
        build: Build::Debug,
        submit_vars,
        worker_vars,
    };
    Stack::start(&options, &AtomicBool::new(false)).unwrap()
}

/// Stops a stack. Returns the ports of it that still listen.
pub fn stop(stack: Stack) -> Vec<u16> {
    let ports = stack.ports;
    drop(stack);
    still_listening(&[
        ports.submit,
        ports.worker,
        ports.redis_rest,
        ports.redis,
        ports.runner,
    ])
}

/// Those of `ports` that still listen.
pub fn still_listening(ports: &[u16]) -> Vec<u16> {
    let taken = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_err();
    ports.iter().copied().filter(taken).collect()
}

/// The empty folder `.edgejudge/NAME`.
pub fn fresh_folder(name: &str) -> PathBuf {
    let folder = project::state().join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    folder
}
