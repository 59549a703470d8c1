//! The command line of `cargo xtask`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use xtask::stack::Ports;
use xtask::{bench, bundle, dev, problems, progress, test, tidy, tools};

/// Everything a person or CI does with edgejudge.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Bring up everything on this machine and say where it is.
    Dev(Dev),
    /// Set up what is needed and run every check.
    Test,
    /// Set up what is needed, and no more.
    Setup,
    /// Build one Worker (wrangler calls this).
    Bundle {
        /// submit-fn or worker-fn.
        name: String,
    },
    /// Check the rules of the house.
    Tidy,
    /// Check or publish a folder of problems (problems/README.md).
    Problems {
        #[command(subcommand)]
        what: Problems,
    },
    /// Measure, beside something to compare with.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
}

#[derive(Subcommand)]
enum Problems {
    /// Say of each problem what is wrong with it.
    Check {
        /// The folder; the project's own if it is not given.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Publish each problem. The operator's token is read from the variable
    /// ADMIN_TOKEN.
    Push {
        /// The folder; the project's own if it is not given.
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Where submit-fn is.
        #[arg(long, default_value = "http://127.0.0.1:8787")]
        url: String,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// The queue in workerd, beside a classic JavaScript Worker.
    Queue {
        /// Jobs in each phase.
        #[arg(long, default_value_t = 500)]
        jobs: usize,
        /// Rounds that count, 5 or more; one of warm-up goes ahead.
        #[arg(long, default_value_t = 15)]
        rounds: usize,
        /// Parallel clients, and jobs at the endpoint at once. A multiple of 6.
        #[arg(long, default_value_t = 6)]
        concurrency: usize,
        /// Have both sides keep the list of a problem's results as well.
        #[arg(long)]
        index: bool,
        /// Take the Workers' bundles as they are instead of building them.
        #[arg(long)]
        as_built: bool,
    },
    /// The runner's sandbox, beside the same programs run bare.
    Runner {
        /// Runs of each program, bare and held, at 1 and at 2 at once; 200 or more.
        #[arg(long, default_value_t = 200)]
        runs: usize,
    },
}

#[derive(Args)]
struct Dev {
    /// Where submit-fn listens.
    #[arg(long, default_value_t = 8787)]
    submit_port: u16,
    /// Where worker-fn listens.
    #[arg(long, default_value_t = 8788)]
    worker_port: u16,
    /// Where redis-rest listens.
    #[arg(long, default_value_t = 8079)]
    redis_rest_port: u16,
    /// Where the redis-server behind it listens.
    #[arg(long, default_value_t = 6399)]
    redis_port: u16,
    /// Where the runner listens.
    #[arg(long, default_value_t = 2000)]
    runner_port: u16,
    /// Start submit-fn with WAKE=off: submissions wait for GET /worker or the
    /// cron.
    #[arg(long)]
    no_wake: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Dev(options) => dev::run(
            Ports {
                submit: options.submit_port,
                worker: options.worker_port,
                redis_rest: options.redis_rest_port,
                redis: options.redis_port,
                runner: options.runner_port,
            },
            !options.no_wake,
        ),
        Task::Test => test::run(),
        Task::Setup => tools::ensure(tools::For::Running),
        Task::Bundle { name } => bundle::build(&name),
        Task::Tidy => {
            tidy::run()?;
            progress::say("tidy");
            Ok(())
        }
        Task::Problems {
            what: Problems::Check { folder },
        } => problems::check(&folder.unwrap_or_else(problems::own)),
        Task::Problems {
            what: Problems::Push { folder, url },
        } => problems::push(&folder.unwrap_or_else(problems::own), &url),
        Task::Bench {
            what:
                Bench::Queue {
                    jobs,
                    rounds,
                    concurrency,
                    index,
                    as_built,
                },
        } => bench::queue(&bench::Options {
            jobs,
            rounds,
            concurrency,
            index,
            as_built,
        }),
        Task::Bench {
            what: Bench::Runner { runs },
        } => bench::runner(runs),
    }
}
