//! What a submission consists of: one text without a name, or several files.
//!
//! The members `code`, or `files` and `entry`, of everything that carries a program: a
//! submission, a run, a queue item, an archive. [`Source::read`] checks them and
//! [`Source::push_members`] writes them; nothing else knows their shape. A submission
//! with `code` has the same bytes in Redis as before there were files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::fields::{required_text, text};
use super::violation::Violation;
use crate::json::write::{escaped_len, push_string};
use crate::json::{Json, Kind, Object, ObjectError};

mod names;

pub use names::RESERVED_NAMES;

/// The largest program, in bytes of UTF-8.
pub const MAX_CODE_BYTES: usize = 64 * 1024;
/// The largest program as it is stored, in bytes of JSON: enough for one in which
/// every character is escaped in the usual way.
pub const MAX_STORED_CODE_BYTES: usize = 2 * MAX_CODE_BYTES;
/// The most files of a submission.
pub const MAX_FILES: usize = 32;
/// What all files of a submission hold together, in bytes; base64 is counted as what it
/// stands for.
pub const MAX_FILES_BYTES: usize = 256 * 1024;
/// The same as it is stored, in bytes of JSON: names, and what a program is run with,
/// included. Enough for base64, and for text of which every second character is escaped in
/// the usual way; and little enough to wait in a queue that is empty.
pub const MAX_STORED_BYTES: usize = 384 * 1024;
/// What a file takes as JSON beside its name and its content, in bytes.
const FILE_BYTES: usize = 48;

/// A program, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// One text, 1 byte to 64 KiB of UTF-8; the endpoint names it by the language.
    Code(String),
    /// Files with names.
    Files(SourceFiles),
}

/// Files that keep all limits: 1 to [`MAX_FILES`] with distinct names, one of which is
/// a text that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFiles {
    files: Vec<SourceFile>,
    /// Which one `entry` names.
    entry: Option<usize>,
}

/// A file of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the folder in which the program starts: 1 to 128 bytes.
    pub name: String,
    /// Its text, or its bytes as base64.
    pub content: String,
    /// What `content` is.
    pub encoding: Encoding,
}

/// What a file's `content` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The file's text.
    Utf8,
    /// Base64 with padding, of bytes that need not be text.
    Base64,
}

impl Source {
    /// Reads `code`, or `files` and `entry`: exactly one of the two ways.
    pub fn read(members: &Object<'_>) -> Result<Self, Violation> {
        let Some(files) = members.get("files") else {
            if members.get("entry").is_some() {
                let rule = "entry names one of several files: give files.";
                return Err(Violation::invalid("entry", rule));
            }
            let code = required_text(members, "code")?;
            check_code(&code)?;
            return Ok(Self::Code(code.into_owned()));
        };
        if members.get("code").is_some() {
            let rule = "Give code or files, not both.";
            return Err(Violation::invalid("files", rule));
        }
        let entry = text(members, "entry")?;
        let source = Self::Files(SourceFiles::read(files, entry.as_deref())?);
        source.check_stored(0)?;
        Ok(source)
    }

    /// The text of a submission that is one; `None` for files.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Code(code) => Some(code),
            Self::Files(_) => None,
        }
    }

    /// Its files; `None` for a text without a name.
    pub fn files(&self) -> Option<&SourceFiles> {
        match self {
            Self::Code(_) => None,
            Self::Files(files) => Some(files),
        }
    }

    /// The bytes of its texts, as they were sent.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Code(code) => code.len(),
            Self::Files(files) => {
                let sizes = files.files.iter();
                sizes
                    .map(|file| file.name.len() + file.content.len() + FILE_BYTES)
                    .sum()
            }
        }
    }

    /// Refuses files that take too much as JSON, together with `others`.
    pub fn check_stored(&self, others: usize) -> Result<(), Violation> {
        let Self::Files(files) = self else {
            return Ok(());
        };
        let sizes = files.files.iter();
        let sizes = sizes.map(|file| escaped_len(&file.name) + escaped_len(&file.content));
        let bytes = others + FILE_BYTES * files.files.len() + sizes.sum::<usize>();
        if bytes <= MAX_STORED_BYTES {
            return Ok(());
        }
        let rule = format!(
            "files, stdin and args must be at most {MAX_STORED_BYTES} bytes in all as JSON, where \
             a control character takes six."
        );
        Err(Violation::too_large("files", rule))
    }

    /// Appends its members, without braces around them.
    pub fn push_members(&self, json: &mut String) {
        let files = match self {
            Self::Code(code) => {
                json.push_str("\"code\":");
                return push_string(json, code);
            }
            Self::Files(files) => files,
        };
        json.push_str("\"files\":[");
        for (index, file) in files.files.iter().enumerate() {
            json.push_str(if index > 0 { ",{" } else { "{" });
            json.push_str("\"name\":");
            push_string(json, &file.name);
            json.push_str(",\"content\":");
            push_string(json, &file.content);
            if file.encoding == Encoding::Base64 {
                json.push_str(",\"encoding\":\"base64\"");
            }
            json.push('}');
        }
        json.push(']');
        if let Some(entry) = files.entry_name() {
            json.push_str(",\"entry\":");
            push_string(json, entry);
        }
    }
}

/// The rule for code.
pub fn check_code(code: &str) -> Result<(), Violation> {
    if code.is_empty() {
        return Err(Violation::invalid("code", "code must not be empty."));
    }
    if code.len() > MAX_CODE_BYTES {
        return Err(Violation::too_large(
            "code",
            format!("code must be at most {MAX_CODE_BYTES} bytes."),
        ));
    }
    if escaped_len(code) > MAX_STORED_CODE_BYTES {
        return Err(Violation::too_large(
            "code",
            format!(
                "code must be at most {MAX_STORED_CODE_BYTES} bytes as JSON, where a control \
                 character takes six."
            ),
        ));
    }
    Ok(())
}

impl From<&str> for Source {
    fn from(code: &str) -> Self {
        Self::Code(code.to_owned())
    }
}

impl SourceFiles {
    fn read(value: Json<'_>, entry: Option<&str>) -> Result<Self, Violation> {
        let shape = || Violation::invalid("files", "files must be an array.");
        let items = value.items().ok_or_else(shape)?;
        // Counted before anything is made of them.
        if !(1..=MAX_FILES).contains(&items.clone().take(MAX_FILES + 1).count()) {
            let rule = format!("files must hold 1 to {MAX_FILES} items.");
            return Err(Violation::invalid("files", rule));
        }
        let mut files: Vec<SourceFile> = Vec::new();
        let mut bytes = 0;
        for (index, item) in items.enumerate() {
            let (file, length) = SourceFile::read(item, index)?;
            bytes += length;
            let others = files.iter().map(|file| file.name.as_str());
            names::check_beside(others, &file.name, index)?;
            files.push(file);
        }
        if bytes > MAX_FILES_BYTES {
            let rule = format!("files must be at most {MAX_FILES_BYTES} bytes in all.");
            return Err(Violation::too_large("files", rule));
        }
        let is_program = |file: &SourceFile| file.encoding == Encoding::Utf8;
        let Some(entry) = entry else {
            return if files.iter().any(is_program) {
                Ok(Self { files, entry: None })
            } else {
                let rule = "One of the files must be text, utf8: it is the one that is run.";
                Err(Violation::invalid("files", rule))
            };
        };
        let named = files.iter().position(|file| file.name == entry);
        match named.filter(|&index| is_program(&files[index])) {
            Some(index) => Ok(Self {
                files,
                entry: Some(index),
            }),
            None => {
                let rule = match named {
                    Some(_) => "entry must name a text file, utf8.",
                    None => "entry must be the name of one of the files.",
                };
                Err(Violation::invalid("entry", rule))
            }
        }
    }

    /// The name that was given as `entry`.
    pub fn entry_name(&self) -> Option<&str> {
        self.entry.map(|index| self.files[index].name.as_str())
    }

    /// The files in the order in which they were sent.
    pub fn as_slice(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file that is run, and after it the others in the order in which they were
    /// sent. It is the one that `entry` names, or else the first text.
    pub fn entry_first(&self) -> impl Iterator<Item = &SourceFile> {
        let is_program = |file: &SourceFile| file.encoding == Encoding::Utf8;
        let first = self
            .entry
            .or_else(|| self.files.iter().position(is_program));
        let first = first.unwrap_or(0);
        let others = self.files.iter().enumerate();
        let others = others.filter(move |(index, _)| *index != first);
        std::iter::once(&self.files[first]).chain(others.map(|(_, file)| file))
    }
}

impl SourceFile {
    /// Reads an item of `files`, and how many bytes it holds.
    fn read(item: Json<'_>, index: usize) -> Result<(Self, usize), Violation> {
        let invalid = |member: &str, rule: &str| {
            let field = format!("files[{index}]{member}");
            let message = format!("{field} {rule}");
            Violation::invalid(field, message)
        };
        let members = Object::of(item).map_err(|error| match error {
            ObjectError::NotAnObject => invalid("", "must be a JSON object of name and content."),
            error => invalid("", &error.to_string()),
        })?;
        let string = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(value) => match value.text() {
                Some(text) => Ok(Some(text)),
                None if value.kind() == Kind::String => Err(invalid(
                    &format!(".{name}"),
                    "must be Unicode: it holds half of a surrogate pair.",
                )),
                None => Err(invalid(&format!(".{name}"), "must be a string.")),
            },
        };
        let name = string("name")?.ok_or_else(|| invalid(".name", "is required."))?;
        names::check(&name).map_err(|rule| invalid(".name", &rule))?;
        let content = string("content")?.ok_or_else(|| invalid(".content", "is required."))?;
        let encoding = match string("encoding")?.as_deref() {
            None | Some("utf8") => Encoding::Utf8,
            Some("base64") => Encoding::Base64,
            Some(_) => return Err(invalid(".encoding", "must be utf8 or base64.")),
        };
        let bytes = match encoding {
            Encoding::Utf8 => content.len(),
            Encoding::Base64 => match STANDARD.decode(content.as_bytes()) {
                Ok(bytes) => bytes.len(),
                Err(_) => {
                    let rule = "must be base64 with padding, without line breaks.";
                    return Err(invalid(".content", rule));
                }
            },
        };
        let file = Self {
            name: name.into_owned(),
            content: content.into_owned(),
            encoding,
        };
        Ok((file, bytes))
    }
}

#[cfg(test)]
mod tests;
