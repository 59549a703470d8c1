//! What Java, C# and Go have in common: source code whose tokens tell what it declares,
//! without a parser, the source file around a class, and starters in the form of a class.
//!
//! As in `code.rs`, a mistake here is an error of the compiler, never another meaning of
//! the code.

use shared::domain::problem::{Answer, Callable, Param, Type};

use crate::starter::add_note;
use crate::template::{Node, fill, nodes, prefix, quoted};

/// The code with spaces for comments and literals, byte for byte, so that places in one
/// are places in the other. Lines stay lines.
pub(crate) fn blank(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let end = |from: usize, end: &str| {
            let found = rest.get(from..).and_then(|text| text.find(end));
            found.map_or(rest.len(), |at| from + at + end.len())
        };
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            end(2, "*/")
        } else if rest.starts_with("\"\"\"") {
            end(3, "\"\"\"")
        } else if rest.starts_with("@\"") || rest.starts_with("@$\"") {
            // `""` is an escaped quote: what is before and after it is blanked as two
            // strings, with the same result.
            end(rest.find('"').unwrap_or_default() + 1, "\"")
        } else if first == '`' {
            end(1, "`")
        } else if first == '"' || first == '\'' {
            literal_length(rest, first)
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (literal, after) = rest.split_at(length);
        out.extend(
            literal
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
        );
        rest = after;
    }
    out
}

/// The bytes of a literal, which ends with its line at the latest.
fn literal_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// An identifier, keyword or number, or one punctuation character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// Its place in the code, in bytes.
    pub(crate) at: usize,
    pub(crate) text: &'a str,
    /// How many braces are open before it.
    pub(crate) depth: usize,
}

impl Token<'_> {
    /// The place after it.
    pub(crate) fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// The tokens of code that [`blank`] made.
pub(crate) fn tokens(blank: &str) -> Vec<Token<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut tokens = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(first) = blank[at..].chars().next() {
        let rest = &blank[at..];
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let text = &rest[..length];
        if !first.is_whitespace() {
            if text == "}" {
                depth = depth.saturating_sub(1);
            }
            tokens.push(Token { at, text, depth });
            if text == "{" {
                depth += 1;
            }
        }
        at += length;
    }
    tokens
}

/// The code with spaces in the place of these parts, whose line ends stay.
pub(crate) fn without(code: &str, parts: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(code.len());
    let mut done = 0;
    for &(from, to) in parts {
        out.push_str(&code[done..from]);
        let part = code[from..to].chars();
        out.extend(part.map(|c| if c == '\n' { '\n' } else { ' ' }));
        done = to;
    }
    out.push_str(&code[done..]);
    out
}

/// The name as it is declared, which may differ in the case of its letters, as
/// `LRUCache` does from `LruCache`.
fn declared<'a>(names: &[&'a str], name: &'a str) -> &'a str {
    let alike = || names.iter().find(|one| one.eq_ignore_ascii_case(name));
    if names.contains(&name) {
        name
    } else {
        alike().copied().unwrap_or(name)
    }
}

/// The type of the values of such nodes in the signature, where all have the same.
pub(crate) fn node_item(callable: Callable<'_>, node: Node) -> Option<&Type> {
    fn find<'a>(ty: &'a Type, node: Node, found: &mut Vec<&'a Type>) {
        let (of, counts) = match ty {
            Type::List(of) | Type::Map(of) => (of, false),
            Type::LinkedList(of) | Type::LinkedNodes(of) => (of, node == Node::List),
            Type::BinaryTree(of) => (of, node == Node::Tree),
            Type::Int | Type::Float | Type::String | Type::Bool | Type::Null | Type::Any => return,
        };
        found.extend(counts.then_some(&**of));
        find(of, node, found);
    }
    let mut found = Vec::new();
    for ty in callable.types() {
        find(ty, node, &mut found);
    }
    let first = found.first().copied()?;
    found.iter().all(|one| *one == first).then_some(first)
}

/// How a language writes the class of a starter.
pub(crate) struct ClassStyle {
    pub(crate) spell: fn(&Type) -> String,
    /// A method's name.
    pub(crate) name: fn(&str) -> String,
}

/// The value that the body of the starter code returns.
fn default_value(ty: &Type) -> &'static str {
    match ty {
        Type::Int | Type::Float => "0",
        Type::Bool => "false",
        _ => "null",
    }
}

impl ClassStyle {
    /// A class `Solution` with the function, or the class itself.
    pub(crate) fn starter(&self, callable: Callable<'_>) -> String {
        let mut text = String::new();
        for node in Node::ALL {
            if callable.types().any(|ty| node.is_in(ty)) {
                let item = node_item(callable, node).unwrap_or(&Type::Any);
                let (name, item) = (node.class(), (self.spell)(item));
                let links = match node {
                    Node::List => "next",
                    Node::Tree => "left, right",
                };
                let parts = [
                    "// Given: class ",
                    name,
                    " { ",
                    &item,
                    " val; ",
                    name,
                    " ",
                    links,
                ];
                text.push_str(&parts.concat());
                text.push_str("; }\n");
            }
        }
        let class = match callable {
            Callable::Function(_) => "Solution",
            Callable::Class(class) => class.name.as_str(),
        };
        text.push_str("class ");
        text.push_str(class);
        text.push_str(" {\n");
        match callable {
            Callable::Function(one) => {
                add_note(&mut text, "    // ", one);
                self.method(&mut text, &one.name, &one.params, Some(&one.returns));
            }
            Callable::Class(of) => {
                self.method(&mut text, class, &of.params, None);
                for one in &of.methods {
                    let one = &one.signature;
                    text.push('\n');
                    self.method(&mut text, &one.name, &one.params, Some(&one.returns));
                }
            }
        }
        text.push_str("}\n");
        text
    }

    /// A method; without a result, a constructor.
    fn method(&self, text: &mut String, name: &str, params: &[Param], returns: Option<&Type>) {
        text.push_str("    public ");
        let nothing = match returns {
            None => {
                text.push_str(name);
                ""
            }
            Some(returns) => {
                let nothing = *returns == Type::Null;
                text.push_str(&if nothing {
                    "void".into()
                } else {
                    (self.spell)(returns)
                });
                text.push(' ');
                text.push_str(&(self.name)(name));
                if nothing { "" } else { default_value(returns) }
            }
        };
        text.push('(');
        for (index, param) in params.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            text.push_str(&(self.spell)(&param.ty));
            text.push(' ');
            text.push_str(&param.name);
        }
        text.push(')');
        text.push_str(" {\n");
        if !nothing.is_empty() {
            text.push_str("        return ");
            text.push_str(nothing);
            text.push(';');
        }
        text.push_str("\n    }\n");
    }
}

/// The calls of a signature in the harnesses' notation, each an array of texts: the
/// name, the types of the parameters, and the type of the result.
pub(crate) fn calls(callable: Callable<'_>, array: impl Fn(&[String]) -> String) -> String {
    let texts = |name: &str, params: &[Param], returns: &Type| {
        let mut texts = vec![quoted(name)];
        let types = params.iter().map(|param| &param.ty).chain([returns]);
        texts.extend(types.map(|ty| quoted(&prefix(ty))));
        array(&texts)
    };
    let calls: Vec<String> = match callable {
        Callable::Function(one) => vec![texts(&one.name, &one.params, &one.returns)],
        Callable::Class(class) => {
            let methods = class.methods.iter().map(|one| &one.signature);
            let methods = methods.map(|one| texts(&one.name, &one.params, &one.returns));
            [texts(&class.name, &class.params, &Type::Null)]
                .into_iter()
                .chain(methods)
                .collect()
        }
    };
    calls.join(",")
}

/// Where Java and C#, in which all code is in a class, look for what is called.
pub(crate) struct Owners<'a> {
    /// Whether the user's methods stand without a class, and get `Solution` around them.
    pub(crate) wrapped: bool,
    /// The names of the classes, the likeliest first.
    names: Vec<&'a str>,
}

impl<'a> Owners<'a> {
    /// `types`: what the code declares outside all others. `is_method`: whether a method
    /// of the name stands outside them.
    pub(crate) fn of(
        callable: Callable<'a>,
        types: &[&'a str],
        is_method: impl Fn(&str) -> bool,
    ) -> Self {
        const SOLUTION: &str = "Solution";
        let name = match callable {
            Callable::Function(signature) => &signature.name,
            Callable::Class(class) => {
                let names = vec![declared(types, &class.name)];
                return Self {
                    wrapped: false,
                    names,
                };
            }
        };
        let wrapped = !types.contains(&SOLUTION) && (types.is_empty() || is_method(name));
        let mut names = vec![SOLUTION];
        if !wrapped {
            names.extend(types.iter().filter(|one| **one != SOLUTION));
        }
        Self { wrapped, names }
    }
}

/// What the template of Java or C# is filled with.
pub(crate) struct File<'a> {
    /// What stands before the code, and the code.
    pub(crate) given: String,
    pub(crate) code: String,
    pub(crate) owners: Owners<'a>,
    /// What stands before the braces of an array.
    pub(crate) new: &'a str,
}

impl File<'_> {
    /// The source file. `searched`: the code in which a node type may be defined;
    /// `definition`: one that is not.
    pub(crate) fn fill(
        self,
        template: &str,
        callable: Callable<'_>,
        searched: &str,
        definition: impl Fn(Node) -> String,
    ) -> String {
        let owners: Vec<String> = self.owners.names.into_iter().map(quoted).collect();
        let (returned, arguments) = answer(callable);
        let array = |texts: &[String]| format!("{}{{{}}}", self.new, texts.join(","));
        let values = [
            ("__GIVEN__", self.given),
            ("__CODE__", self.code),
            ("__NODES__", nodes(callable, searched, definition)),
            (
                "__CLASS__",
                matches!(callable, Callable::Class(_)).to_string(),
            ),
            ("__OWNERS__", owners.join(",")),
            ("__CALLS__", calls(callable, array)),
            ("__RETURNED__", returned),
            ("__ARGUMENTS__", arguments),
        ];
        fill(template, &values)
    }
}

/// Whether what is returned is the answer or a part of it, and the indices of the arguments
/// that are, separated by commas.
pub(crate) fn answer(callable: Callable<'_>) -> (String, String) {
    let answer = match callable {
        Callable::Function(signature) => signature.answer,
        Callable::Class(_) => Answer::Returned,
    };
    let arguments: Vec<String> = answer.arguments().map(|at| at.to_string()).collect();
    (answer.returned().to_string(), arguments.join(","))
}

/// The name with a large first letter.
pub(crate) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
