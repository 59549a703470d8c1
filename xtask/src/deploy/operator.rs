//! The person who deploys: what is said, what is asked, and who else sees it.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Result, bail};

use crate::progress::say;

/// The person at the terminal.
pub(super) trait Operator {
    /// Shows a line.
    fn tell(&mut self, line: &str);
    /// Whether what was said may be done.
    fn agrees(&mut self) -> Result<bool>;
    /// Whether only the operator sees what is shown: a log would keep it.
    fn is_alone(&self) -> bool;
}

/// Standard input and output.
pub(super) struct Terminal;

impl Operator for Terminal {
    fn tell(&mut self, line: &str) {
        say(line);
    }

    fn agrees(&mut self) -> Result<bool> {
        if !io::stdin().is_terminal() {
            bail!("nothing was changed: there is nobody to ask; say --yes");
        }
        print!("\n  Do this? [y/N] ");
        io::stdout().flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    fn is_alone(&self) -> bool {
        io::stdout().is_terminal()
    }
}
