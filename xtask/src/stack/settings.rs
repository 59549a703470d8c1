//! The files that configure a stack: each Worker's variables and the token.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use shared::text::hex;

const TOKEN_BYTES: usize = 24;

/// One variable of a Worker; `None` unsets one that the stack would set.
pub type Var = (&'static str, Option<String>);

/// The text of an env file. Of two variables with the same name the later one
/// counts; `None` leaves it out.
pub(super) fn env_file(vars: &[Var]) -> String {
    let mut lines = String::new();
    for (index, (name, value)) in vars.iter().enumerate() {
        let is_replaced = vars[index + 1..].iter().any(|(later, _)| later == name);
        if let (Some(value), false) = (value, is_replaced) {
            lines.push_str(&format!("{name}={value}\n"));
        }
    }
    lines
}

/// The token of the stack in `folder`: random, kept for the next start, readable
/// by its owner only.
pub(super) fn token(folder: &Path) -> Result<String> {
    let path = folder.join("token");
    if let Ok(token) = fs::read_to_string(&path)
        && !token.trim().is_empty()
    {
        return Ok(token.trim().to_owned());
    }
    let mut bytes = [0u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes).context("random bytes for a token")?;
    let token = hex(&bytes);
    write_private(&path, &token)?;
    Ok(token)
}

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_variables_replace_earlier_ones() {
        let vars = [
            ("A", Some("1".to_owned())),
            ("B", Some("2".to_owned())),
            ("A", Some("3".to_owned())),
            ("B", None),
        ];
        assert_eq!(env_file(&vars), "A=3\n");
    }
}
