//! The command line of `cargo xtask`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use shared::config::Secret;
use xtask::api::Api;
use xtask::bench::{self, Bench};
use xtask::languages::{self, Languages};
use xtask::project::Worker;
use xtask::stack::Ports;
use xtask::{
    bundle, deploy, dev, problems, progress, screenshots, smoke, submit, test, tidy, tools,
};

/// Sets up, runs, tests and measures edgejudge.
///
/// Each command installs what it needs by itself, into the folders .edgejudge
/// and node_modules.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "Run it inside the checkout: cargo knows `xtask` nowhere else."
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start everything on this machine and print the addresses.
    Dev(Dev),
    /// Run every check: format, lints, documentation, dependencies, builds, unit
    /// and end-to-end tests.
    Test,
    /// Install what `cargo xtask dev` needs, and do nothing else.
    Setup,
    /// Build one Worker into its folder `build` (wrangler calls this).
    Bundle {
        /// The Worker's crate.
        worker: Worker,
    },
    /// Deploy both Workers to Cloudflare (docs/deploy.md).
    ///
    /// It looks at the login, at wrangler.toml, at sizes and secrets, says what it
    /// will do, asks, and does it: secrets, then worker-fn, then submit-fn. Then it
    /// asks both whether they are well. Values of secrets are read from the file, then
    /// from variables of the same names.
    Deploy {
        /// Look and say, and change nothing. Needs no login.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Do not ask the Workers afterwards whether they are well.
        #[arg(long)]
        no_smoke: bool,
        /// A file with the secrets' values, outside the repository and readable by
        /// its owner only: JSON, or lines NAME=value.
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,
        /// Set this secret although it is set: to the value given, which for
        /// TICKET_SECRET and ADMIN_TOKEN is the one in the file, or a random one.
        /// May be repeated.
        #[arg(long, value_name = "NAME")]
        replace: Vec<String>,
    },
    /// Ask a deployment whether it is well, up to one real submission if the variable
    /// EDGEJUDGE_KEY (or ADMIN_TOKEN) holds a key that may submit.
    Smoke {
        /// Where submit-fn is.
        #[arg(long)]
        url: String,
        /// Where worker-fn is, if it has an address.
        #[arg(long)]
        worker_url: Option<String>,
    },
    /// Check the rules that no compiler checks: dependencies between crates,
    /// import circles between files, length of files, what the page may not name.
    Tidy,
    /// Take a picture of every view of the page, into docs/screenshots.
    Screenshots,
    /// Submit a file, wait for its verdict and print it with the first case that
    /// failed.
    ///
    /// The exit code is 0 for Accepted, 1 for any other verdict on the code, and 2
    /// where there is none: the submission is refused, nothing answers, or the
    /// judge fails.
    Submit {
        /// The problem's id.
        problem: String,
        /// The file with the code.
        file: PathBuf,
        /// The language; by the file's ending if it is not given.
        #[arg(long)]
        language: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Check, publish, try or import problems (problems/README.md).
    Problems {
        #[command(subcommand)]
        command: Problems,
    },
    /// List, install or check the languages that programs can be written in.
    Languages {
        #[command(subcommand)]
        command: Languages,
    },
    /// Measure speed, beside something to compare with.
    Bench {
        /// Print JSON to standard output; progress goes to standard error.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        bench: Bench,
    },
}

#[derive(Subcommand)]
enum Problems {
    /// Report what is wrong with each problem.
    Check {
        /// A folder of problems, or of one; `problems` of this checkout if it is not given.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Publish each problem. Needs a key with the scope admin.
    Push {
        /// A folder of problems, or of one; `problems` of this checkout if it is not given.
        #[arg(long)]
        folder: Option<PathBuf>,
        #[command(flatten)]
        server: Server,
    },
    /// Make a problem's folder from a problem package of the ICPC and Kattis form, or
    /// from the JSON file of a practice site.
    ///
    /// It is checked first, and what could not be taken is named. Nothing of it is
    /// executed.
    Import {
        /// The package's folder, or the file.
        path: PathBuf,
        /// The folder of problems; `problems` of this checkout if it is not given.
        #[arg(long)]
        folder: Option<PathBuf>,
        /// The problem's id; the name of the package's folder, or the site's name for
        /// the problem, if it is not given.
        #[arg(long)]
        id: Option<String>,
        /// Replace the problem of this id, with its solutions.
        #[arg(long)]
        replace: bool,
    },
    /// Have the stored submissions of a problem judged again, by the problem as it is
    /// now. Needs a key with the scope admin.
    Rejudge {
        /// The problem's id.
        problem: String,
        #[command(flatten)]
        server: Server,
    },
    /// Unpublish a problem. Needs a key with the scope admin.
    Delete {
        /// The problem's id.
        problem: String,
        #[command(flatten)]
        server: Server,
    },
    /// Submit every file in the folders `solutions` of problems that are published,
    /// and compare each verdict with the one that the file's name begins with.
    ///
    /// The exit code is 0 if all are as their names say, 1 if one is not, and 2
    /// where some could not be tried.
    Try {
        /// A folder of problems, or of one; `problems` of this checkout if it is not given.
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Publish the folder first. Needs a key with the scope admin.
        #[arg(long)]
        push: bool,
        #[command(flatten)]
        server: Server,
    },
}

#[derive(Args)]
struct Server {
    /// Where submit-fn is.
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    url: String,
    /// The operator's token, which lifts the limits of one client. Better in the
    /// variable ADMIN_TOKEN, because a command line can be seen by others on the
    /// machine.
    #[arg(long)]
    token: Option<String>,
    /// A key of API_KEYS, used in place of the operator's token. Better in the variable
    /// EDGEJUDGE_KEY, which goes before ADMIN_TOKEN.
    #[arg(long)]
    key: Option<String>,
}

impl Server {
    fn api(&self) -> Api {
        let given = [&self.key, &self.token];
        let given = given.into_iter().flatten().find(|key| !key.is_empty());
        let key = given.cloned().map(Secret::new).or_else(smoke::key);
        Api::new(&self.url, key.as_ref().map(Secret::expose))
    }
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
    let task = Cli::parse().task;
    let on_error = on_error(&task);
    run(task).unwrap_or_else(|error| {
        eprintln!("\nerror: {error:#}");
        on_error
    })
}

/// The exit code of a task that ends in an error: the tasks whose exit code tells
/// of verdicts have one of their own for it.
fn on_error(task: &Task) -> ExitCode {
    match task {
        Task::Submit { .. }
        | Task::Problems {
            command: Problems::Try { .. },
        } => submit::EXIT_NO_VERDICT.into(),
        _ => ExitCode::FAILURE,
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let done = match task {
        Task::Submit {
            problem,
            file,
            language,
            server,
        } => return submit::submit(&server.api(), &problem, &file, language.as_deref()),
        Task::Problems {
            command:
                Problems::Try {
                    folder,
                    push,
                    server,
                },
        } => {
            let folder = folder.unwrap_or_else(problems::own);
            let tried = problems::try_solutions(&folder, &server.api(), push)?;
            return Ok(tried.exit_code());
        }
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
        Task::Bundle { worker } => bundle::build(worker),
        Task::Deploy {
            dry_run,
            yes,
            no_smoke,
            secrets,
            replace,
        } => deploy::run(&deploy::Options {
            dry_run,
            yes,
            no_smoke,
            values: secrets,
            replace,
        }),
        Task::Smoke { url, worker_url } => smoke::run(&smoke::Options {
            url,
            worker_url,
            key: smoke::key(),
            patience: Duration::ZERO,
        }),
        Task::Tidy => {
            tidy::run()?;
            progress::say("tidy");
            Ok(())
        }
        Task::Screenshots => screenshots::run(),
        Task::Problems {
            command: Problems::Check { folder },
        } => problems::check(&folder.unwrap_or_else(problems::own)),
        Task::Problems {
            command:
                Problems::Import {
                    path,
                    folder,
                    id,
                    replace,
                },
        } => problems::import(&problems::Import {
            path,
            folder: folder.unwrap_or_else(problems::own),
            id,
            replace,
        }),
        Task::Problems {
            command: Problems::Push { folder, server },
        } => problems::push(&folder.unwrap_or_else(problems::own), &server.api()),
        Task::Problems {
            command: Problems::Rejudge { problem, server },
        } => problems::rejudge(&server.api(), &problem),
        Task::Problems {
            command: Problems::Delete { problem, server },
        } => problems::delete(&server.api(), &problem),
        Task::Languages { command } => languages::run(&command),
        Task::Bench { bench, json } => bench::run(&bench, json),
    };
    done.map(|()| ExitCode::SUCCESS)
}
