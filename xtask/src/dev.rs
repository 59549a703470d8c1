//! `cargo xtask dev`: sets up, builds and starts everything on this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child::Guard;
use crate::progress::{self, say, step};
use crate::project::Build;
use crate::stack::{self, Options, Ports, Stack};
use crate::{bundle, cargo, page, problems, project, tools};

/// The cron trigger's period in `wrangler.toml`.
const CRON_EVERY: Duration = Duration::from_secs(60);

/// Sets up, builds, starts, and stays until Ctrl-C or until a part ends
/// unexpectedly.
pub fn run(ports: Ports, wake: bool) -> Result<()> {
    let cancelled = Arc::new(AtomicBool::new(false));
    {
        let cancelled = Arc::clone(&cancelled);
        ctrlc::set_handler(move || cancelled.store(true, Ordering::Relaxed))
            .context("cannot listen for Ctrl-C")?;
    }
    let started = Instant::now();
    // Before the slow part, because a port that is taken stays taken.
    ports.check()?;
    tools::ensure(tools::For::Running)?;
    progress::side_by_side(&[&[&native_programs], &[&bundle::build_all]])?;
    if cancelled.load(Ordering::Relaxed) {
        bail!("cancelled");
    }
    println!("▸ starting redis-server, redis-rest, the runner and both Workers");
    let options = Options {
        ports,
        folder: project::state().join("dev"),
        build: Build::Optimised,
        submit_vars: vec![("WAKE", Some(if wake { "on" } else { "off" }.to_owned()))],
        worker_vars: Vec::new(),
    };
    let mut guard = Guard::start()?;
    let mut page = page::watch(&options.folder.join("logs"), &mut guard)?;
    let mut stack = Stack::start(&options, &cancelled)?;
    let problems = publish(&stack);
    screen(&stack, &problems, started.elapsed());

    let mut next_cron = Instant::now() + CRON_EVERY;
    while !cancelled.load(Ordering::Relaxed) {
        if let Some(fall) = stack.fallen().or_else(|| page.fallen()) {
            bail!("{fall}");
        }
        if Instant::now() >= next_cron {
            next_cron += CRON_EVERY;
            let port = ports.worker;
            // A drain may take long; the children are checked ten times a second.
            thread::spawn(move || {
                if let Err(error) = stack::fire_cron(port) {
                    say(format!("the cron trigger could not be fired: {error:#}"));
                }
            });
        }
        thread::sleep(Duration::from_millis(100));
    }
    println!("\nstopping");
    drop(stack);
    drop(page);
    println!(
        "stopped; the data stays in {}",
        progress::shown(&options.folder)
    );
    Ok(())
}

/// Builds redis-rest and the runner, with optimisation: as debug builds they take
/// milliseconds of a submission.
pub(crate) fn native_programs() -> Result<()> {
    step(
        "redis-rest, runner: compile",
        &mut cargo::build(&[
            "--release",
            "--package",
            "redis-rest",
            "--package",
            "runner",
        ]),
    )
}

/// Publishes `problems/` and returns a line for the screen. A failure is a
/// warning, because a stack without problems still runs code.
fn publish(stack: &Stack) -> String {
    let submit = stack.submit_url();
    let mut count = 0;
    let published = problems::load(&problems::own())
        .and_then(|all| problems::publish(&all, &submit, &stack.token, |_| count += 1));
    match published {
        Ok(()) => format!("{submit}/problems   {count} of them, from problems/"),
        Err(error) => {
            say(format!(
                "warning: not all problems could be published: {error:#}"
            ));
            format!("{submit}/problems   only {count} of them: see the warning above")
        }
    }
}

fn screen(stack: &Stack, problems: &str, took: Duration) {
    let Ports { redis, .. } = stack.ports;
    let submit = stack.submit_url();
    let worker = stack.worker_url();
    let redis_rest = stack.redis_rest_url();
    let runner = stack.runner_url();
    let logs = progress::shown(&stack.logs);
    let sandbox = stack.sandbox();
    println!(
        r#"
The page: {submit}/

edgejudge is up after {:.1} s.

  submit-fn     {submit}   serves the page, takes submissions, shows results
  worker-fn     {worker}   works on them; its cron fires each minute
  redis-rest    {redis_rest}   Upstash's REST API; its token, and the operator's: .edgejudge/dev/token
  redis-server  127.0.0.1:{redis}          redis-cli -p {redis}
  runner        {runner}   runs the code (Piston v2), {sandbox}
  problems      {problems}

Try:

  curl {submit}/submit -d '{{"problemId":"hello","code":"print(\"Hello, World!\")","language":"python"}}'
  curl {submit}/result/hello
  curl {worker}/worker

AUTH=off: on this machine no call needs a key, but the operator's do.
Changes in web/ and in the Workers are built by themselves.
Logs: {logs}/*.log. Ctrl-C stops everything."#,
        took.as_secs_f64()
    );
}
