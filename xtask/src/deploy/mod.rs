//! `cargo xtask deploy`: both Workers onto Cloudflare.
//!
//! It looks first, then says what it will do, asks, and only then changes anything.
//! The order leaves nothing half open: secrets before code, so that no Worker runs
//! without keys; worker-fn before submit-fn, which is bound to it. Whatever stops it,
//! calling it again goes on where it stopped, because each call looks anew at what is
//! there.
//!
//! - [`names`]: what `wrangler.toml` must say.
//! - [`values`]: what the operator gives.
//! - [`fits`]: whether it can work.
//! - [`secrets`]: every secret there is.
//! - [`plan`]: what is to be put where.
//! - [`wrangler`]: the calls of wrangler.
//! - [`sizes`]: the limits of Cloudflare's plans.
//! - [`operator`]: the person at the terminal.

mod fits;
mod names;
mod operator;
mod plan;
mod secrets;
mod sizes;
mod values;
mod wrangler;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use shared::config::Secret;

use self::names::Settings;
use self::operator::{Operator, Terminal};
use self::plan::{Plan, Situation};
use self::values::Values;
use self::wrangler::{Upload, Wrangler};
use crate::bundle;
use crate::progress::say;
use crate::project::{self, Worker};
use crate::smoke;

/// submit-fn is bound to worker-fn.
const ORDER: [Worker; 2] = [Worker::WorkerFn, Worker::SubmitFn];

/// What the command line says.
#[derive(Debug, Default)]
pub struct Options {
    /// Look and say, and change nothing.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    /// Do not ask the Workers afterwards whether they are well.
    pub no_smoke: bool,
    /// The file with the secrets' values.
    pub values: Option<PathBuf>,
    /// The secrets that are put although they are there.
    pub replace: Vec<String>,
}

/// Deploys, and asks the Workers afterwards whether they are well.
pub fn run(options: &Options) -> Result<()> {
    let text = fs::read_to_string(project::root().join("wrangler.toml"))?;
    let folder = project::state().join("deploy");
    let wrangler = Wrangler::pinned(&folder);
    let values = Values::read(options.values.as_deref(), |name| std::env::var(name).ok())?;
    let project = Project {
        wrangler_toml: &text,
        wrangler: &wrangler,
        is_account_chosen: std::env::var_os("CLOUDFLARE_ACCOUNT_ID").is_some(),
        is_in_budget: bundle::check_size,
    };
    let deployed = deploy(options, &project, &values, &mut Terminal)?;
    let Some(deployed) = deployed else {
        return Ok(());
    };
    if options.no_smoke {
        return Ok(());
    }
    let Some(submit) = deployed.address(Worker::SubmitFn) else {
        say("submit-fn has no address of its own, so it cannot be asked whether it is well");
        return Ok(());
    };
    say("asking the Workers whether they are well");
    // The file's value comes last: it may be older than what the Workers have.
    let own = || values.get("ADMIN_TOKEN").cloned();
    let key = deployed.key.clone().or_else(smoke::key).or_else(own);
    smoke::run(&smoke::Options {
        url: submit.to_owned(),
        worker_url: deployed.address(Worker::WorkerFn).map(str::to_owned),
        key,
        patience: smoke::AFTER_A_DEPLOYMENT,
    })
    .context("both Workers are deployed, but not all is well")
}

/// What was deployed.
#[derive(Debug)]
struct Deployed {
    uploads: BTreeMap<Worker, Upload>,
    /// The operator's token, where it was put by this deployment.
    key: Option<Secret>,
}

impl Deployed {
    fn address(&self, worker: Worker) -> Option<&str> {
        let upload = self.uploads.get(&worker)?;
        upload.addresses.first().map(String::as_str)
    }
}

/// What is deployed, and with what.
struct Project<'a> {
    wrangler_toml: &'a str,
    wrangler: &'a Wrangler,
    /// Whether the environment chooses an account.
    is_account_chosen: bool,
    /// Checks our own size budget.
    is_in_budget: fn(Worker) -> Result<()>,
}

/// Looks, says, asks and deploys; `None`: nothing was to be changed.
fn deploy(
    options: &Options,
    project: &Project<'_>,
    values: &Values,
    operator: &mut dyn Operator,
) -> Result<Option<Deployed>> {
    let settings =
        names::read(project.wrangler_toml).map_err(|broken| anyhow!(broken.join("; ")))?;
    let login = login(options, &settings, project, operator)?;
    let is_logged_in = login.is_some();
    let wrangler = &login.unwrap_or_else(|| project.wrangler.clone());
    for worker in ORDER {
        operator.tell(&sizes::check(worker, &wrangler.dry_run(worker)?)?);
        (project.is_in_budget)(worker)?;
    }
    let mut present = BTreeMap::new();
    let mut lines = Vec::new();
    for worker in ORDER {
        let name = settings.name(worker);
        let secrets = if is_logged_in {
            wrangler.secrets(worker)?
        } else {
            None
        };
        lines.push(match (is_logged_in, &secrets) {
            (false, _) => format!("{}: deploy as {name}", worker.name()),
            (_, None) => format!("{}: deploy as {name}, which is new", worker.name()),
            _ => format!(
                "{}: deploy as {name}, in the place of the one there",
                worker.name()
            ),
        });
        let mut names: BTreeSet<String> = secrets.unwrap_or_default();
        names.extend(settings.variables(worker).iter().cloned());
        present.insert(worker, names);
    }
    let plan = plan::plan(&Situation {
        present: &present,
        values,
        replace: &options.replace,
        is_open: settings.is_open,
    })?;
    operator.tell("");
    for line in plan.lines.iter().chain(&lines) {
        operator.tell(line);
    }
    if options.dry_run {
        for line in &plan.missing {
            operator.tell(&format!("before a deployment: {line}"));
        }
        operator.tell("dry run: nothing was changed");
        return Ok(None);
    }
    if !plan.missing.is_empty() {
        bail!("nothing was changed:\n  {}", plan.missing.join("\n  "));
    }
    if !plan.generated.is_empty() && !operator.is_alone() {
        bail!(
            "nothing was changed: random values for {} would be shown, and this output is not a \
             terminal. Give values of your own in --secrets FILE",
            plan.generated.join(", ")
        );
    }
    if !options.yes && !operator.agrees()? {
        bail!("nothing was changed");
    }
    carry_out(&plan, wrangler, operator)
        .map(|uploads| {
            let key = plan.value("ADMIN_TOKEN").cloned();
            Some(Deployed { uploads, key })
        })
        .context(
            "not finished; call the command again: it looks at what is there and does the rest",
        )
}

/// wrangler for the account that is logged in; `None`: nobody is, and it is a dry run.
///
/// Errors: nobody is logged in, or it is not clear for which account.
fn login(
    options: &Options,
    settings: &Settings,
    project: &Project<'_>,
    operator: &mut dyn Operator,
) -> Result<Option<Wrangler>> {
    let login = match project.wrangler.login() {
        Err(error) if options.dry_run => {
            operator.tell(&format!("{error:#}"));
            None
        }
        login => login?,
    };
    let Some(login) = login else {
        if options.dry_run {
            operator.tell("nobody is logged in, so what is deployed cannot be looked at");
            return Ok(None);
        }
        bail!(
            "nobody is logged in at Cloudflare: call `npx wrangler login`, or set \
             CLOUDFLARE_API_TOKEN"
        );
    };
    operator.tell(&format!("logged in at Cloudflare as {}", login.who));
    let is_chosen = settings.has_account || project.is_account_chosen;
    match login.accounts.as_slice() {
        _ if is_chosen => Ok(Some(project.wrangler.clone())),
        [] => bail!("this login has no account"),
        [(name, id)] => {
            operator.tell(&format!("account {name} ({id})"));
            Ok(Some(project.wrangler.with_account(id)))
        }
        several => {
            let several = several.iter().map(|(name, id)| format!("{name} ({id})"));
            bail!(
                "this login has several accounts; choose one with CLOUDFLARE_ACCOUNT_ID: {}",
                several.collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn carry_out(
    plan: &Plan,
    wrangler: &Wrangler,
    operator: &mut dyn Operator,
) -> Result<BTreeMap<Worker, Upload>> {
    // Before they are put: if this process ends in between, they are not lost.
    for name in &plan.generated {
        if let Some(value) = plan.value(name) {
            operator.tell(&format!("{name} is, shown only now: {}", value.expose()));
        }
    }
    // All secrets before all code: no Worker ever runs with half of them.
    for worker in ORDER {
        if let Some(secrets) = plan.put.get(&worker) {
            wrangler.put(worker, secrets)?;
            let names: Vec<&str> = secrets.keys().copied().collect();
            operator.tell(&format!("{}: put {}", worker.name(), names.join(", ")));
        }
    }
    let mut uploads = BTreeMap::new();
    for worker in ORDER {
        let upload = wrangler.deploy(worker)?;
        for address in &upload.addresses {
            operator.tell(&format!("{}: {address}", worker.name()));
        }
        uploads.insert(worker, upload);
    }
    Ok(uploads)
}
