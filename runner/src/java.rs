//! What the Java compiler and the JVM must be told that other languages are not: the
//! name of the file, which `javac` demands to be that of its public class, and the class
//! with the method `main`.
//!
//! The name is read from the source code, by a scanner that knows comments, literals and
//! braces. The class is found in what `javac` wrote, so that anything it accepts may hold
//! `main`: any class of any package, records, enums and interfaces, anywhere in the file.
//! `request_files.rs` and `execute.rs` call this.

use crate::sandbox::File;

/// The words that begin the declaration of a type.
const KINDS: [&str; 4] = ["class", "interface", "enum", "record"];

/// The name of the public type that this source file declares at its top level.
pub(crate) fn public_class(source: &str) -> Option<String> {
    let mut is_public = false;
    let mut depth = 0_usize;
    let mut words = Words { rest: source };
    while let Some(word) = words.next() {
        match word {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if matches!(word, "{" | "}" | ";") {
            is_public = false;
        } else if depth == 0 && word == "public" {
            is_public = true;
        } else if is_public && KINDS.contains(&word) {
            return words.next().filter(|name| is_name(name)).map(str::to_owned);
        }
    }
    None
}

fn is_name(word: &str) -> bool {
    // A file's name, so nothing that leaves the folder.
    word.chars().next().is_some_and(is_word_character) && word.len() <= 200
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// The words and the other characters of a source file, without comments and literals.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.rest = self.rest.trim_start();
            let first = self.rest.chars().next()?;
            let skipped = if self.rest.starts_with("//") {
                self.rest.find('\n')
            } else if self.rest.starts_with("/*") {
                self.rest[2..].find("*/").map(|end| end + 4)
            } else if self.rest.starts_with("\"\"\"") {
                end_of_literal(&self.rest[3..], "\"\"\"").map(|end| end + 3)
            } else if first == '"' || first == '\'' {
                let quote = &self.rest[..1];
                end_of_literal(&self.rest[1..], quote).map(|end| end + 1)
            } else {
                let end = self.rest.find(|character| !is_word_character(character));
                let end = match end {
                    Some(0) => first.len_utf8(),
                    Some(end) => end,
                    None => self.rest.len(),
                };
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(word);
            };
            // What is not closed reaches to the end.
            self.rest = &self.rest[skipped.unwrap_or(self.rest.len())..];
        }
    }
}

/// The index after the quotes that end a literal.
fn end_of_literal(text: &str, quotes: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if text[index..].starts_with(quotes) {
            return Some(index + quotes.len());
        }
    }
    None
}

/// The class to start: the one with `main`. Of several, the one that its file is named
/// after, or else the first in the source file. Without any, the class that the file is
/// named after, of which the JVM then says that it has no `main`.
pub(crate) fn main_class(files: &[File], main_file: &str) -> String {
    let stem = main_file.strip_suffix(".java").unwrap_or(main_file);
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    let source = files.iter().find(|file| file.name == main_file);
    let source = source.map_or_else(String::new, |file| {
        String::from_utf8_lossy(&file.content).into_owned()
    });
    let classes = files
        .iter()
        .filter(|file| file.name.ends_with(".class"))
        .filter_map(|file| Class::parse(&file.content));
    let simple_name = |class: &Class| {
        let name = class.name.rsplit('/').next().unwrap_or_default();
        name.to_owned()
    };
    let place = |class: &Class| {
        let name = simple_name(class);
        // Nested classes come last: their names are not in the file as they are.
        let position = Words { rest: &source }.position(|word| word == name);
        (name != stem, position.unwrap_or(usize::MAX))
    };
    let best = classes
        .filter(|class| class.has_main || simple_name(class) == stem)
        .min_by_key(|class| (!class.has_main, place(class)));
    best.map_or_else(|| stem.to_owned(), |class| class.name.replace('/', "."))
}

/// What is read of a class file. Source of the format: chapter 4 of the Java Virtual
/// Machine Specification.
#[derive(Debug, PartialEq, Eq)]
struct Class {
    /// With slashes between its packages.
    name: String,
    /// Whether it has a method that the JVM starts.
    has_main: bool,
}

/// The first version of class files whose `main` may be an instance method without
/// parameters (Java 25).
const FREE_MAIN_VERSION: u16 = 69;
const PUBLIC_STATIC: u16 = 0x0009;

impl Class {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: bytes };
        if reader.u32()? != 0xCAFE_BABE {
            return None;
        }
        reader.u16()?;
        let version = reader.u16()?;
        let constants = Constants::parse(&mut reader)?;
        reader.u16()?;
        let name = constants.class_name(reader.u16()?)?.to_owned();
        reader.u16()?;
        let interfaces = reader.u16()?;
        reader.skip(usize::from(interfaces) * 2)?;
        for _ in 0..reader.u16()? {
            Member::parse(&mut reader)?;
        }
        let mut has_main = false;
        for _ in 0..reader.u16()? {
            let method = Member::parse(&mut reader)?;
            let is_main = constants.text(method.name) == Some("main");
            let descriptor = constants.text(method.descriptor).unwrap_or_default();
            let usual = method.access & PUBLIC_STATIC == PUBLIC_STATIC
                && descriptor == "([Ljava/lang/String;)V";
            let free = version >= FREE_MAIN_VERSION
                && matches!(descriptor, "()V" | "([Ljava/lang/String;)V");
            has_main |= is_main && (usual || free);
        }
        Some(Self { name, has_main })
    }
}

/// A field or a method, without its attributes.
struct Member {
    access: u16,
    name: u16,
    descriptor: u16,
}

impl Member {
    fn parse(reader: &mut Reader<'_>) -> Option<Self> {
        let member = Self {
            access: reader.u16()?,
            name: reader.u16()?,
            descriptor: reader.u16()?,
        };
        for _ in 0..reader.u16()? {
            reader.u16()?;
            let length = reader.u32()?;
            reader.skip(usize::try_from(length).ok()?)?;
        }
        Some(member)
    }
}

/// The texts of a class file, and which of them are names of classes.
struct Constants<'a>(Vec<Constant<'a>>);

#[derive(Clone, Copy)]
enum Constant<'a> {
    Text(&'a [u8]),
    Class(u16),
    Other,
}

impl<'a> Constants<'a> {
    fn parse(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.u16()?;
        // The first one has the index 1.
        let mut constants = vec![Constant::Other];
        while constants.len() < usize::from(count) {
            let constant = match reader.u8()? {
                1 => {
                    let length = reader.u16()?;
                    Constant::Text(reader.skip(length.into())?)
                }
                7 => Constant::Class(reader.u16()?),
                8 | 16 | 19 | 20 => {
                    reader.skip(2)?;
                    Constant::Other
                }
                15 => {
                    reader.skip(3)?;
                    Constant::Other
                }
                3 | 4 | 9..=12 | 17 | 18 => {
                    reader.skip(4)?;
                    Constant::Other
                }
                // Long and double numbers take two indexes.
                5 | 6 => {
                    reader.skip(8)?;
                    constants.push(Constant::Other);
                    Constant::Other
                }
                _ => return None,
            };
            constants.push(constant);
        }
        Some(Self(constants))
    }

    fn text(&self, index: u16) -> Option<&'a str> {
        match self.0.get(usize::from(index))? {
            Constant::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn class_name(&self, index: u16) -> Option<&'a str> {
        match self.0.get(usize::from(index))? {
            Constant::Class(name) => self.text(*name),
            _ => None,
        }
    }
}

/// Reads numbers, the most significant byte first.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn skip(&mut self, length: usize) -> Option<&'a [u8]> {
        let (skipped, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(skipped)
    }

    fn u8(&mut self) -> Option<u8> {
        self.skip(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.skip(2)?.try_into().ok()?;
        Some(u16::from_be_bytes(bytes))
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = self.skip(4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn public_class_is_the_type_that_javac_names_the_file_after() {
        for (source, name) in [
            ("public class Main { }", Some("Main")),
            (
                "class A { public class B { } } public final class C {}",
                Some("C"),
            ),
            (
                "/* public class A */ // public class B\npublic class C {}",
                Some("C"),
            ),
            (
                "class A { String s = \"} public class B {\"; char c = '\"'; } public enum D {}",
                Some("D"),
            ),
            (
                "class A { String s = \"\"\"\n } \\\"\"\" public class B {\n\"\"\"; } public record E(int x) {}",
                Some("E"),
            ),
            (
                "@Deprecated(since = \"1\") public @interface F { }",
                Some("F"),
            ),
            (
                "public abstract strictfp class Ünïcode<T> {}",
                Some("Ünïcode"),
            ),
            (
                "package a.b; import java.util.*; public interface G { }",
                Some("G"),
            ),
            (
                "class A { } class B { public static void main(String[] a) { } }",
                None,
            ),
            ("public static void main() { } class A { }", None),
            ("", None),
            ("public class", None),
            ("public class ../x {}", None),
            ("\"public class A {}", None),
        ] {
            assert_eq!(public_class(source).as_deref(), name, "{source}");
        }
    }

    /// A class file with these constants and no more than needed.
    fn class_file(name: &str, method: Option<(&str, &str, u16)>, version: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.push(1);
            bytes.extend((text.len() as u16).to_be_bytes());
            bytes.extend(text.as_bytes());
        };
        bytes.extend(0xCAFE_BABE_u32.to_be_bytes());
        bytes.extend(0_u16.to_be_bytes());
        bytes.extend(version.to_be_bytes());
        // 1: name, 2: class, 3: method, 4: descriptor, 5 and 6: a long number
        bytes.extend(7_u16.to_be_bytes());
        text(&mut bytes, name);
        bytes.extend([7, 0, 1]);
        let (method_name, descriptor, access) = method.unwrap_or(("x", "()V", 0));
        text(&mut bytes, method_name);
        text(&mut bytes, descriptor);
        bytes.extend([5, 0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend([0, 0x21, 0, 2, 0, 0, 0, 0, 0, 0]);
        // One method, with one attribute of two bytes.
        bytes.extend(1_u16.to_be_bytes());
        bytes.extend(access.to_be_bytes());
        bytes.extend([0, 3, 0, 4, 0, 1, 0, 1, 0, 0, 0, 2, 9, 9]);
        bytes.extend(0_u16.to_be_bytes());
        bytes
    }

    const MAIN: Option<(&str, &str, u16)> = Some(("main", "([Ljava/lang/String;)V", 9));

    fn files(source: &str, classes: &[(&str, bool)]) -> Vec<File> {
        let file = |name: &str, content: Vec<u8>| File {
            name: name.to_owned(),
            content: content.into(),
            executable: false,
        };
        let mut files = vec![file("Main.java", source.into())];
        files.extend(classes.iter().map(|(name, has_main)| {
            let method = if *has_main { MAIN } else { None };
            file(&format!("{name}.class"), class_file(name, method, 61))
        }));
        files
    }

    #[test]
    fn main_class_has_main_wherever_it_is() {
        for (source, classes, expected) in [
            (
                "class Acc {} public class Main {}",
                &[("Acc", false), ("Main", true)][..],
                "Main",
            ),
            ("class B {} class A {}", &[("A", true), ("B", true)], "B"),
            (
                "class A { class In {} }",
                &[("A$In", true), ("A", false)],
                "A$In",
            ),
            ("package a.b; class Z {}", &[("a/b/Z", true)], "a.b.Z"),
            (
                "class B {} class Main {}",
                &[("B", true), ("Main", true)],
                "Main",
            ),
            (
                "class B {} class Main {}",
                &[("B", true), ("Main", false)],
                "B",
            ),
            (
                "class Main {} class B {}",
                &[("B", false), ("Main", false)],
                "Main",
            ),
            ("class B {}", &[("B", false)], "Main"),
            ("", &[], "Main"),
        ] {
            let files = files(source, classes);
            assert_eq!(main_class(&files, "Main.java"), expected, "{source}");
        }
    }

    #[test]
    fn class_has_a_main_that_the_jvm_of_its_version_starts() {
        let has_main = |method, version| {
            let class = Class::parse(&class_file("A", Some(method), version)).unwrap();
            class.has_main
        };
        let usual = "([Ljava/lang/String;)V";
        assert!(has_main(("main", usual, 9), 52));
        assert!(!has_main(("main", usual, 1), 61), "not static");
        assert!(!has_main(("main", "()V", 9), 61));
        assert!(!has_main(("Main", usual, 9), 61));
        assert!(has_main(("main", "()V", 0), 69), "as of Java 25");
        assert!(!has_main(("main", "(I)V", 9), 69));
        assert_eq!(Class::parse(b"\xCA\xFE\xBA\xBE"), None);
    }

    /// Whatever a compilation leaves in its folder.
    #[test]
    fn fuzz_class_files_and_sources_never_panic() {
        let damaged = (
            prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            any::<prop::sample::Index>(),
            "[\\PC\"'/*\\\\{}\n]{0,30}",
        );
        fuzz(&damaged, |(changes, end, source)| {
            let mut bytes = class_file("a/B", MAIN, 61);
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            bytes.truncate(end.index(bytes.len() + 1));
            let mut files = files(&source, &[("A", true)]);
            files[1].content = bytes.into();
            let class = main_class(&files, "Main.java");
            prop_assert!(!class.contains('/'));
            let named = public_class(&format!("public class {source}"));
            prop_assert!(named.is_none_or(|name| !name.contains('/')));
            Ok(())
        });
    }
}
