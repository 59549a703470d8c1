//! The configuration file for flags and languages: `--config FILE` or
//! `RUNNER_CONFIG`.
//!
//! ```toml
//! max-concurrent = 2          # any flag, without its dashes
//! run-timeout-ms = 5000
//!
//! [[language]]                # as in languages.toml; replaces the built-in ones
//! name = "lua"
//! # …
//! ```
//!
//! A value in the file replaces the flag's default, so flags and environment
//! variables win over it. The token has no flag and cannot be in the file, where
//! everyone who may read the limits could read it. `main.rs` calls [`read`].

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};
use toml::{Table, Value};

use crate::config::Options;

/// Why flags, environment and file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(String, std::io::Error),
    /// The file is not TOML.
    #[error("the configuration file cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// A key is not a flag, or its value does not fit the flag.
    #[error("the configuration file: {0}")]
    Key(String),
    /// The command line is invalid, with the file or without. `--help` is also
    /// reported as this.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
}

/// Reads flags, environment and file. Also returns the file's languages as the text
/// of a table.
pub fn read(
    arguments: impl IntoIterator<Item = OsString> + Clone,
) -> Result<(Options, Option<String>), FileError> {
    let typed = Options::command().try_get_matches_from(arguments.clone())?;
    let options = Options::from_arg_matches(&typed)?;
    let Some(file) = &options.config else {
        return Ok((options, None));
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| FileError::Read(file.display().to_string(), error))?;
    let (command, languages) = with_defaults(Options::command(), &text)?;
    let matches = command.try_get_matches_from(arguments)?;
    Ok((Options::from_arg_matches(&matches)?, languages))
}

/// Replaces defaults of the command line by the values of a file with this text.
/// Also returns the file's languages.
fn with_defaults(
    mut command: clap::Command,
    text: &str,
) -> Result<(clap::Command, Option<String>), FileError> {
    let mut table: Table = toml::from_str(text)?;
    let languages = table
        .remove("language")
        .map(|list| Table::from_iter([("language".to_owned(), list)]).to_string());
    for (key, value) in table {
        let known = command
            .get_arguments()
            .find(|argument| argument.get_long() == Some(&key) && key != "config")
            .map(|argument| argument.get_id().clone());
        let Some(id) = known else {
            return Err(FileError::Key(format!("{key} is not a flag of the runner")));
        };
        let text = match value {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Boolean(truth) => truth.to_string(),
            _ => return Err(FileError::Key(format!("{key} must be a single value"))),
        };
        // clap needs a static text. It is read once, at start.
        let text: &'static str = text.leak();
        command = command.mut_arg(id, |argument| argument.default_value(text));
    }
    Ok((command, languages))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

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
    fn config_file_replaces_defaults_and_flags_win() {
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
    fn config_file_may_hold_languages() {
        let file = "[[language]]\nname = 'x'\nprogram = ['a']\nversion = []\nrun = ['b', '{file}']";
        let (_, languages) = read_with(file, &[]).unwrap();
        let table = crate::languages::parse(&languages.unwrap()).unwrap();
        assert_eq!(table[0].run, ["b", "{file}"]);
    }

    #[test]
    fn config_file_mistakes_are_named() {
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

    /// The file is the operator's, and a mistake in it must be named.
    #[test]
    fn fuzz_config_file_sets_its_numbers_or_names_the_mistake() {
        let numbers = (any::<u32>(), any::<u64>(), any::<i64>());
        // TOML has signed numbers of 64 bits.
        let noise = prop_oneof![
            Just(String::new()),
            "[a-z-]{1,12} = [\\PC]{0,12}",
            "[\\PC\n]{0,40}",
        ];
        fuzz(&(numbers, noise), |((uid, queue, memory), noise)| {
            let queue = queue / 2;
            let text = format!(
                "sandbox-uid = {uid}\nmax-queue = {queue}\nrun-memory-limit-bytes = {memory}\n{noise}"
            );
            let parsed = with_defaults(Options::command(), &text).and_then(|(command, _)| {
                let matches = command.try_get_matches_from(["runner"])?;
                Ok(Options::from_arg_matches(&matches)?)
            });
            match parsed {
                Ok(options) => {
                    prop_assert_eq!(options.sandbox_uid, uid);
                    prop_assert_eq!(options.max_queue as u64, queue);
                    prop_assert_eq!(options.run_memory_limit_bytes, memory);
                }
                Err(error) => {
                    prop_assert!(!error.to_string().is_empty());
                    prop_assert!(!noise.is_empty(), "{}", error);
                }
            }
            Ok(())
        });
    }
}
