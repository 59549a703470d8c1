//! Which crate of the workspace may not depend on which other crate.

use cargo_metadata::{DependencyKind, Metadata, Package};

/// A crate, what it may not depend on, and why.
struct Rule {
    name: &'static str,
    forbidden: Forbidden,
    reason: &'static str,
}

enum Forbidden {
    These(&'static [&'static str]),
    /// Every crate of the workspace.
    Workspace,
}

const RULES: [Rule; 6] = [
    Rule {
        name: "submit-fn",
        forbidden: Forbidden::These(&["worker-fn"]),
        reason: "the Workers meet only over HTTP and Redis",
    },
    Rule {
        name: "worker-fn",
        forbidden: Forbidden::These(&["submit-fn"]),
        reason: "the Workers meet only over HTTP and Redis",
    },
    Rule {
        name: "shared",
        forbidden: Forbidden::These(&["worker", "axum", "tokio", "platform"]),
        reason: "the domain knows no platform",
    },
    Rule {
        name: "platform",
        forbidden: Forbidden::These(&["submit-fn", "worker-fn", "axum", "tokio"]),
        reason: "the platform knows no product",
    },
    Rule {
        name: "runner",
        forbidden: Forbidden::Workspace,
        reason: STANDS_IN,
    },
    Rule {
        name: "redis-rest",
        forbidden: Forbidden::Workspace,
        reason: STANDS_IN,
    },
];

const STANDS_IN: &str =
    "it stands in for a service that other people run; sharing our codec would hide our mistakes";

/// The violations in the workspace. Development dependencies are free.
pub(super) fn violations(metadata: &Metadata) -> Vec<String> {
    let members: Vec<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut violations = Vec::new();
    for Rule {
        name,
        forbidden,
        reason,
    } in &RULES
    {
        let Some(package) = metadata.packages.iter().find(|one| one.name == name) else {
            violations.push(format!("there is no crate {name}"));
            continue;
        };
        let forbidden = match forbidden {
            Forbidden::These(names) => names,
            Forbidden::Workspace => members.as_slice(),
        };
        for dependency in dependencies(package).filter(|one| forbidden.contains(one)) {
            violations.push(format!("{name} must not depend on {dependency}: {reason}"));
        }
    }
    violations
}

fn dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|one| one.kind != DependencyKind::Development)
        .map(|one| one.name.as_str())
}
