//! The source file around a user's code in Go.
//!
//! Go has one `package` and one `main` in a file, and an import that is not used is an
//! error: so the first is taken out, a `main` of the user's loses its name, and packages
//! that practice sites give are imported for code that mentions them.

use shared::domain::problem::{Callable, Type};

use crate::starter::add_note;
use crate::template::{Node, Unsupported, fill};
use crate::typed::{Token, answer, blank, calls, node_item, tokens, upper_first, without};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/go"));

/// What practice sites give without an import, with something that each has.
const GIVEN: [(&str, &str); 21] = [
    ("bufio", "NewReader"),
    ("bytes", "Equal"),
    ("cmp", "Compare[int]"),
    ("container/heap", "Init"),
    ("container/list", "New"),
    ("container/ring", "New"),
    ("errors", "New"),
    ("fmt", "Sprint"),
    ("io", "EOF"),
    ("math", "Pi"),
    ("math/big", "NewInt"),
    ("math/bits", "Len"),
    ("math/rand", "Intn"),
    ("os", "Exit"),
    ("slices", "Sort[[]int]"),
    ("sort", "Ints"),
    ("strconv", "Itoa"),
    ("strings", "Join"),
    ("sync", "NewCond"),
    ("time", "Now"),
    ("unicode", "IsLetter"),
];

/// Names that a constructor may have; the class's own name follows `New`.
const CONSTRUCTOR: &str = "Constructor";

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let bare = blank(code);
    let tokens = tokens(&bare);
    let file = File::read(code, &tokens);
    let given: Vec<(&str, &str, &str)> = GIVEN
        .iter()
        .map(|(path, member)| (*path, path.rsplit('/').next().unwrap_or(path), *member))
        .filter(|(_, name, _)| file.lacks(name, &tokens))
        .collect();
    let import = |&(path, ..): &(&str, _, _)| format!("import \"{path}\"\n");
    let usage = |(_, name, member): &(_, &str, &str)| format!("var _ = {name}.{member}\n");
    let (returned, arguments) = answer(callable);
    let values = [
        ("__GIVEN__", given.iter().map(import).collect()),
        ("__CODE__", file.code(code)),
        ("__LINE__", "//line judge.go:1".to_owned()),
        ("__NODES__", nodes(callable, &file)),
        ("__USES__", given.iter().map(usage).collect()),
        (
            "__CLASS__",
            matches!(callable, Callable::Class(_)).to_string(),
        ),
        (
            "__CALLS__",
            calls(callable, |texts| format!("{{{}}}", texts.join(","))),
        ),
        ("__TARGETS__", targets(callable, &file).join(",")),
        ("__RETURNED__", returned),
        ("__ARGUMENTS__", arguments),
    ];
    Ok(fill(TEMPLATE, &values))
}

/// What the source file needs to know of the user's code.
#[derive(Debug, Default)]
struct File<'a> {
    /// The names that are declared outside of all functions.
    declared: Vec<&'a str>,
    /// Methods: the type, and the name.
    methods: Vec<(&'a str, &'a str)>,
    /// Functions, with the type of the first result.
    functions: Vec<(&'a str, &'a str)>,
    /// The names by which packages were imported.
    imported: Vec<&'a str>,
    /// The end of the last import, or else of `package`.
    head_end: Option<usize>,
    /// What is taken out, in bytes from and to.
    removed: Vec<(usize, usize)>,
    /// The name of a function `main`.
    main: Option<usize>,
}

impl<'a> File<'a> {
    fn read(code: &'a str, tokens: &[Token<'a>]) -> Self {
        let mut file = Self::default();
        let outside: Vec<&Token<'a>> = tokens.iter().filter(|one| one.depth == 0).collect();
        let text = |index: usize| outside.get(index).map_or("", |one| one.text);
        let closing = |from: usize| {
            let place = outside.iter().skip(from).position(|one| one.text == ")");
            place.map_or(outside.len(), |place| from + place)
        };
        let mut index = 0;
        while let Some(token) = outside.get(index) {
            index += 1;
            match token.text {
                "package" if file.removed.is_empty() => {
                    let end = outside.get(index).map_or(token.end(), |name| name.end());
                    file.removed.push((token.at, end));
                }
                "import" => {
                    let end = if text(index) == "(" {
                        outside
                            .get(closing(index))
                            .map_or(code.len(), |one| one.end())
                    } else {
                        let line = code[token.at..].find('\n');
                        line.map_or(code.len(), |length| token.at + length)
                    };
                    file.import(&code[token.end()..end]);
                    while outside.get(index).is_some_and(|next| next.at < end) {
                        index += 1;
                    }
                    file.head_end = Some(end);
                }
                "func" if text(index) == "(" => {
                    // The receiver: `(name *Type)`, the name or the star may be missing.
                    let end = closing(index);
                    let owner = text(end.saturating_sub(1));
                    file.methods.push((owner, text(end + 1)));
                    index = end + 1;
                }
                "func" => {
                    let name = text(index);
                    if name == "main" {
                        file.main = outside.get(index).map(|one| one.at);
                    }
                    let mut result = closing(index) + 1;
                    if matches!(text(result), "*" | "(") {
                        result += 1;
                    }
                    file.functions.push((name, text(result)));
                    file.declared.push(name);
                }
                "type" | "var" | "const" => file.declared.push(text(index)),
                _ => {}
            }
        }
        file
    }

    /// Import specifications: an alias that may be missing, and a path in quotes.
    fn import(&mut self, text: &'a str) {
        let mut parts = text.split(['"', '`']);
        while let (Some(before), Some(path)) = (parts.next(), parts.next()) {
            let alias = before.split(['(', ';']).next_back().unwrap_or_default();
            let alias = alias.lines().next_back().unwrap_or_default().trim();
            let name = path.rsplit('/').next().unwrap_or(path);
            self.imported
                .push(if alias.is_empty() { name } else { alias });
        }
    }

    /// Whether the code mentions a package that it neither imports nor shadows.
    fn lacks(&self, name: &str, tokens: &[Token<'_>]) -> bool {
        let mut pairs = tokens.windows(2);
        !self.imported.contains(&name)
            && !self.declared.contains(&name)
            && pairs.any(|pair| pair[0].text == name && pair[1].text == ".")
    }

    /// The code as it stands in the file. The variables that read the standard input have
    /// to be the first of all.
    fn code(&self, code: &str) -> String {
        const START: &str = "var judge_lines, judge_out = judge_begin();";
        let mut out = without(code, &self.removed);
        if let Some(at) = self.main {
            out.replace_range(at..at + "main".len(), "_   ");
        }
        match self.head_end {
            Some(at) => out.insert_str(at, &format!(";{START}")),
            None => out.insert_str(0, &format!("{START}/*line main.go:1:1*/")),
        }
        out
    }
}

/// The functions for the calls of the signature; `nil` for what the code has not.
fn targets(callable: Callable<'_>, file: &File<'_>) -> Vec<String> {
    let class = match callable {
        Callable::Function(signature) => {
            let name = signature.name.as_str();
            let names = [name.to_owned(), upper_first(name)];
            let found = names
                .iter()
                .find(|name| file.declared.contains(&name.as_str()));
            return vec![found.map_or_else(|| "nil".to_owned(), Clone::clone)];
        }
        Callable::Class(class) => class,
    };
    let names = [
        CONSTRUCTOR.to_owned(),
        format!("New{}", class.name),
        "New".to_owned(),
    ];
    let made = names.iter().find_map(|name| {
        let mut functions = file.functions.iter();
        functions.find(|(function, _)| function.eq_ignore_ascii_case(name))
    });
    let Some((constructor, owner)) = made else {
        return vec!["nil".to_owned()];
    };
    let mut targets = vec![(*constructor).to_owned()];
    for method in &class.methods {
        let name = upper_first(&method.signature.name);
        let of_owner = |(of, method): &&(&str, &str)| of == owner && upper_first(method) == name;
        let found = file.methods.iter().find(of_owner);
        targets.push(found.map_or_else(
            || "nil".to_owned(),
            |(_, method)| format!("(*{owner}).{method}"),
        ));
    }
    targets
}

fn nodes(callable: Callable<'_>, file: &File<'_>) -> String {
    let mut text = String::new();
    for node in Node::ALL {
        let mentioned = callable.types().any(|ty| node.is_in(ty));
        if mentioned && !file.declared.contains(&node.class()) {
            text.push_str(&definition(callable, node).replace("; ", ";"));
            text.push('\n');
        }
    }
    text
}

fn definition(callable: Callable<'_>, node: Node) -> String {
    let item = node_item(callable, node).map_or_else(|| "any".to_owned(), spell);
    match node {
        Node::List => format!("type ListNode struct {{ Val {item}; Next *ListNode }}"),
        Node::Tree => {
            format!("type TreeNode struct {{ Val {item}; Left *TreeNode; Right *TreeNode }}")
        }
    }
}

/// Go has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    let mut text = String::new();
    for node in Node::ALL {
        if callable.types().any(|ty| node.is_in(ty)) {
            text.push_str("// Given: ");
            text.push_str(&definition(callable, node));
            text.push('\n');
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let params = |params: &[shared::domain::problem::Param]| {
        let each = params
            .iter()
            .map(|one| format!("{} {}", one.name, spell(&one.ty)));
        each.collect::<Vec<_>>().join(", ")
    };
    match callable {
        Callable::Function(one) => {
            add_note(&mut text, "// ", one);
            let head = format!("func {}({})", one.name, params(&one.params));
            text.push_str(&function(&head, &one.returns));
        }
        Callable::Class(class) => {
            let name = class.name.as_str();
            text.push_str(&format!(
                "type {name} struct {{\n\n}}\n\nfunc Constructor({}) {name} {{\n    return {name}{{}}\n}}\n",
                params(&class.params)
            ));
            for one in class.methods.iter().map(|one| &one.signature) {
                let method = upper_first(&one.name);
                let head = format!("\nfunc (this *{name}) {method}({})", params(&one.params));
                text.push_str(&function(&head, &one.returns));
            }
        }
    }
    Some(text)
}

fn function(head: &str, returns: &Type) -> String {
    let (result, body) = match returns {
        Type::Null => (String::new(), ""),
        Type::Int | Type::Float => (spell(returns) + " ", "    return 0"),
        Type::Bool => (spell(returns) + " ", "    return false"),
        Type::String => (spell(returns) + " ", "    return \"\""),
        _ => (spell(returns) + " ", "    return nil"),
    };
    format!("{head} {result}{{\n{body}\n}}\n")
}

/// A type in Go's own words.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "int".into(),
        Type::Float => "float64".into(),
        Type::Bool => "bool".into(),
        Type::String => "string".into(),
        Type::Null | Type::Any => "any".into(),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "*ListNode".into(),
        Type::BinaryTree(_) => "*TreeNode".into(),
        Type::List(of) => "[]".to_owned() + &spell(of),
        Type::Map(of) => "map[string]".to_owned() + &spell(of),
    }
}
