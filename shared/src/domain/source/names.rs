//! Which names the files of a submission may have: such that mean the same at every
//! endpoint, and stay inside the program's folder.

use crate::domain::violation::Violation;

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 128;
/// The most parts between slashes: as many as our runner takes.
const MAX_NAME_PARTS: usize = 32;

/// What the runner's compile commands write: a file of this name would be run instead of
/// it, or written over. A test of xtask holds it to the table of languages.
pub const RESERVED_NAMES: [&str; 5] = ["a.out", "a.exe", "stack.so", "a.beam", "a.name"];

/// Errors: the rule that a name breaks, to be said of it.
pub(super) fn check(name: &str) -> Result<(), String> {
    let rule = if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Err(format!("must be 1 to {MAX_NAME_BYTES} bytes."));
    } else if name.chars().any(char::is_control) {
        "must not hold control characters."
    } else if name.contains('\\') {
        "must not hold a backslash; folders end with a slash."
    } else if name.starts_with('/') {
        "must be relative: it must not begin with a slash."
    } else if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "must not have empty parts, . or .. between its slashes."
    } else if name.split('/').count() > MAX_NAME_PARTS {
        return Err(format!("must have at most {MAX_NAME_PARTS} parts."));
    } else {
        // Nor a folder of this name.
        let first = name.split('/').next().unwrap_or_default();
        return match RESERVED_NAMES.iter().find(|one| same(one, first)) {
            Some(one) => Err(format!(
                "must not be {one}: compilers write a file named so."
            )),
            None => Ok(()),
        };
    };
    Err(rule.to_owned())
}

/// Errors: another file has the name, or is named as one of its folders, or the other
/// way round. Letters count as the same in either case, because on some systems they are.
pub(super) fn check_beside<'a>(
    others: impl Iterator<Item = &'a str>,
    name: &str,
    index: usize,
) -> Result<(), Violation> {
    let below = |folder: &str, name: &str| {
        let mut ends = name.match_indices('/').map(|(end, _)| end);
        ends.any(|end| same(&name[..end], folder))
    };
    let mut others = others.enumerate();
    let found = others.find_map(|(other, taken)| {
        let rule = if same(taken, name) {
            format!("is the name of files[{other}], too")
        } else if below(taken, name) {
            format!("has the file files[{other}] as its folder")
        } else if below(name, taken) {
            format!("is a folder of files[{other}]")
        } else {
            return None;
        };
        Some(rule)
    });
    match found {
        None => Ok(()),
        Some(rule) => {
            let field = format!("files[{index}].name");
            let message = format!("{field} {rule}.");
            Err(Violation::invalid(field, message))
        }
    }
}

/// Whether two names are the same but for the case of the letters A to Z: the tables for
/// all others weigh 5 KB.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
