//! `cargo xtask deploy` with the pinned wrangler, against a stand-in for Cloudflare's
//! API on loopback.
//!
//! The unit tests of `xtask/src/deploy` have a stand-in for wrangler, which is quick
//! and can be wrong about wrangler. Here wrangler is itself, down to the upload of
//! both bundles; so these tests need them built.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod cloudflare;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use xtask::project::{self, Build};
use xtask::{bundle, page};

use cloudflare::{Cloudflare, TOKEN};

/// They write into the same folder.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const SECRETS: [(&str, &str); 6] = [
    ("UPSTASH_REDIS_REST_URL", "https://db.example"),
    ("UPSTASH_REDIS_REST_TOKEN", "redis-hunter2"),
    ("TICKET_SECRET", "ticket-hunter2"),
    ("ADMIN_TOKEN", "operators-hunter2"),
    ("EXECUTOR_URL", "https://runner.example/api/v2"),
    ("EXECUTOR_TOKEN", "runner-hunter2"),
];

/// What a deployment came to.
struct Outcome {
    succeeded: bool,
    printed: String,
}

/// Deploys with no input and a home of its own, so that no login is there but `token`.
fn deploy(cloudflare: &Cloudflare, home: &TempDir, token: &str) -> Outcome {
    let secrets = home.path().join("secrets");
    let lines: Vec<String> = SECRETS
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    fs::write(&secrets, lines.join("\n")).unwrap();
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = Command::new(project::native_bin("xtask", Build::Debug));
    // What points to the real home, where cargo and its toolchain are.
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let real = Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(folder);
        command.env(
            name,
            std::env::var_os(name).unwrap_or_else(|| real.into_os_string()),
        );
    }
    let output = command
        .args(["deploy", "--yes", "--no-smoke", "--secrets"])
        .arg(&secrets)
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path())
        .env("CLOUDFLARE_API_BASE_URL", &cloudflare.url)
        .env("CLOUDFLARE_API_TOKEN", token)
        .env_remove("CLOUDFLARE_ACCOUNT_ID")
        .env(bundle::AS_BUILT, "1")
        .env(page::AS_BUILT, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    Outcome {
        succeeded: output.status.success(),
        printed: String::from_utf8_lossy(&printed).into_owned(),
    }
}

/// Every file below `folder` that was written since then, as one text.
fn all_text(folder: &Path, since: SystemTime) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if entry.path().is_dir() {
            text.push_str(&all_text(&entry.path(), since));
        } else if written.is_ok_and(|at| at >= since) {
            let bytes = fs::read(entry.path()).unwrap_or_default();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[test]
fn wrangler_deploys_both_workers_and_an_interrupted_deployment_is_gone_on_with() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (cloudflare, home) = (Cloudflare::start(), tempfile::tempdir().unwrap());
    // What earlier runs and other steps wrote is none of this test's. A file's time is
    // that of the last tick of the system's clock, so it may be a little earlier.
    let since = SystemTime::now() - Duration::from_secs(1);
    let folder = project::state().join("deploy");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    cloudflare.look(|account| account.refuse_upload = Some("edgejudge-submit".into()));
    let broken_off = deploy(&cloudflare, &home, TOKEN);
    assert!(!broken_off.succeeded);
    assert!(
        broken_off.printed.contains("call the command again"),
        "{}",
        broken_off.printed
    );
    let first = [
        "secrets edgejudge-worker",
        "secrets edgejudge-submit",
        "upload edgejudge-worker",
        "upload edgejudge-submit",
    ];
    assert_eq!(
        cloudflare.look(|account| account.changes.clone()),
        first,
        "{}",
        broken_off.printed
    );

    cloudflare.look(|account| {
        account.refuse_upload = None;
        account.changes.clear();
    });
    let Outcome { succeeded, printed } = deploy(&cloudflare, &home, TOKEN);
    let account = cloudflare.look(|account| account.clone());
    assert!(succeeded, "{printed}");
    assert_eq!(account.unknown.len(), 0, "{:?}", account.unknown);
    assert_eq!(
        account.changes,
        ["upload edgejudge-worker", "upload edgejudge-submit"]
    );
    assert!(
        printed.contains("submit-fn: https://edgejudge-submit.me.workers.dev"),
        "{printed}"
    );
    assert!(
        printed.contains("logged in at Cloudflare as me@example.com"),
        "{printed}"
    );
    for (name, value) in SECRETS {
        let of = |worker: &str| account.secrets[worker].get(name).map(String::as_str);
        assert_eq!(of("edgejudge-worker"), Some(value));
        let is_shared = !name.starts_with("EXECUTOR");
        assert_eq!(of("edgejudge-submit"), is_shared.then_some(value));
    }
    for worker in ["edgejudge-worker", "edgejudge-submit"] {
        assert_eq!(account.services[worker], ["edgejudge-worker"]);
    }

    // Neither what was shown nor what wrangler and the steps wrote holds a secret.
    fs::remove_file(home.path().join("secrets")).unwrap();
    let logs = ["deploy", "logs/steps"];
    let logs = logs.map(|folder| all_text(&project::state().join(folder), since));
    let written = [
        broken_off.printed,
        printed,
        all_text(home.path(), since),
        logs.concat(),
    ]
    .concat();
    assert!(
        written.contains("START CF API REQUEST"),
        "wrangler's log is among it"
    );
    assert!(!written.contains("hunter2"));
}

#[test]
fn a_refused_login_changes_nothing() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (cloudflare, home) = (Cloudflare::start(), tempfile::tempdir().unwrap());
    for token in ["another-token", ""] {
        let Outcome { succeeded, printed } = deploy(&cloudflare, &home, token);
        assert!(!succeeded, "{printed}");
        let said = if token.is_empty() {
            "nobody is logged in"
        } else {
            "wrangler whoami failed"
        };
        assert!(printed.contains(said), "{printed}");
        assert!(!printed.contains("another-token"), "{printed}");
        assert!(cloudflare.look(|account| account.changes.is_empty()));
    }
}
