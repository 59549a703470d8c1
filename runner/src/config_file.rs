//! One file for limits and languages: `--config FILE`, or `RUNNER_CONFIG`.
//!
//! ```toml
//! max-concurrent = 2          # every flag, without its dashes
//! run-timeout-ms = 5000
//!
//! [[language]]                # as in languages.toml; in place of the built-in ones
//! name = "lua"
//! # …
//! ```
//!
//! What the file says takes the place of a flag's default, so flags and
//! environment variables still win over it. The token has no flag and cannot be
//! in the file: it would be readable by whoever may read limits.

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};
use toml::{Table, Value};

use crate::config::Options;

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(String, std::io::Error),
    /// It is not TOML.
    #[error("the configuration file cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// A key that is no flag, or a value that is none for it.
    #[error("the configuration file: {0}")]
    Key(String),
    /// The command line makes no sense, with the file or without. Also how clap
    /// answers `--help`.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
}

/// Flags, environment and file together, and the file's languages as a table of
/// its own.
pub fn read(
    arguments: impl IntoIterator<Item = OsString> + Clone,
) -> Result<(Options, Option<String>), FileError> {
    let typed = Options::command().try_get_matches_from(arguments.clone())?;
    let options = Options::from_arg_matches(&typed)?;
    let Some(file) = &options.config else {
        return Ok((options, None));
    };
    let (command, languages) = with_defaults(Options::command(), file)?;
    let matches = command.try_get_matches_from(arguments)?;
    Ok((Options::from_arg_matches(&matches)?, languages))
}

fn with_defaults(
    mut command: clap::Command,
    file: &Path,
) -> Result<(clap::Command, Option<String>), FileError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| FileError::Read(file.display().to_string(), error))?;
    let mut table: Table = toml::from_str(&text)?;
    let languages = table
        .remove("language")
        .map(|list| Table::from_iter([("language".to_owned(), list)]).to_string());
    for (key, value) in table {
        let known = command
            .get_arguments()
            .find(|argument| argument.get_long() == Some(&key) && key != "config")
            .map(|argument| argument.get_id().clone());
        let Some(id) = known else {
            return Err(FileError::Key(format!("{key} is no flag of the runner")));
        };
        let text = match value {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Boolean(truth) => truth.to_string(),
            _ => return Err(FileError::Key(format!("{key} must be one value"))),
        };
        // Lives as long as the program: read once, at start.
        let text: &'static str = text.leak();
        command = command.mut_arg(id, |argument| argument.default_value(text));
    }
    Ok((command, languages))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_with(file: &str, flags: &[&str]) -> Result<(Options, Option<String>), FileError> {
        let mut on_disk = tempfile::NamedTempFile::new().unwrap();
        on_disk.write_all(file.as_bytes()).unwrap();
        let path = on_disk.path().to_str().unwrap();
        let arguments = ["runner", "--config", path]
            .into_iter()
            .chain(flags.iter().copied());
        read(arguments.map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_file_is_a_default_and_flags_win() {
        let file = "max-processes = 7\nlisten = '127.0.0.1:7'\nunsafe-no-sandbox = true";
        let (options, languages) = read_with(file, &["--max-queue", "3"]).unwrap();
        assert_eq!((options.max_processes, options.max_queue), (7, 3));
        assert_eq!(options.listen.port(), 7);
        assert!(options.unsafe_no_sandbox);
        assert_eq!(languages, None);
        let (options, _) = read_with(file, &["--max-processes", "8"]).unwrap();
        assert_eq!(options.max_processes, 8);
    }

    #[test]
    fn languages_may_be_in_it() {
        let file = "[[language]]\nname = 'x'\nprogram = ['a']\nversion = []\nrun = ['b', '{file}']";
        let (_, languages) = read_with(file, &[]).unwrap();
        let table = crate::languages::parse(&languages.unwrap()).unwrap();
        assert_eq!(table[0].run, ["b", "{file}"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (file, word) in [
            ("max-proceses = 7", "max-proceses"),
            ("token = 'x'", "token"),
            ("config = 'x'", "config"),
            ("max-processes = [1]", "max-processes"),
            ("max-processes = 'many'", "many"),
            ("max-processes", "configuration file"),
        ] {
            let error = read_with(file, &[]).unwrap_err().to_string();
            assert!(error.contains(word), "{file}: {error}");
        }
        let missing = read(["runner", "--config", "/nowhere"].map(OsString::from));
        assert!(missing.unwrap_err().to_string().contains("/nowhere"));
    }
}
