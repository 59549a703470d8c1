//! The fifty solutions as the methods of one class `Fifty`. What a solution does stays as
//! it is; only what stands around it changes.

/// Names with their solutions.
type Solutions<'a> = &'a [(&'a str, &'a str)];

/// The solutions without the class that some have around them.
fn members(all: Solutions<'_>, open: &str, close: &str) -> String {
    let bare = all.iter().map(|(_, code)| {
        let body = code.strip_prefix(open);
        body.map_or(*code, |body| body.trim_end().strip_suffix(close).unwrap())
    });
    bare.collect::<Vec<_>>().join("\n")
}

pub(super) fn cpp(all: Solutions<'_>) -> String {
    let members = members(all, "class Solution {\npublic:\n", "};");
    format!("class Fifty {{\npublic:\n{members}\n}};")
}

pub(super) fn java(all: Solutions<'_>) -> String {
    let members = members(all, "class Solution {\n", "}");
    format!("class Fifty {{\n{members}\n}}")
}

pub(super) fn csharp(all: Solutions<'_>) -> String {
    let members = members(all, "public class Solution {\n", "}");
    format!("public class Fifty {{\n{members}\n}}")
}

/// A function's parameters and what stands between them and its body.
fn head<'a>(code: &'a str, start: &str) -> (&'a str, &'a str) {
    let at = code.find(start).unwrap() + start.len();
    let (head, _) = code[at..].split_once(" {").unwrap();
    head.split_once(')').unwrap()
}

/// The functions as they are, and methods that call them.
pub(super) fn go(all: Solutions<'_>) -> String {
    // `package` and imports.
    let mut heads = String::new();
    let (mut functions, mut methods) = (String::new(), String::new());
    for (name, code) in all {
        let (before, function) = code.split_at(code.find("func ").unwrap());
        if before.starts_with("package") {
            heads.insert_str(0, before);
        } else {
            heads += before;
        }
        functions += function;
        functions.push('\n');
        let (params, returns) = head(function, &format!("func {name}("));
        let names = params.split(", ").map(|one| one.split_once(' ').unwrap().0);
        let names = names.collect::<Vec<_>>().join(", ");
        let method = name[..1].to_uppercase() + &name[1..];
        methods += &format!(
            "func (this *Fifty) {method}({params}){returns} {{ return {name}({names}) }}\n"
        );
    }
    format!(
        "{heads}\ntype Fifty struct{{}}\n\nfunc Constructor() Fifty {{ return Fifty{{}} }}\n\n\
         {functions}{methods}"
    )
}

/// The functions as they are, and methods that call them.
pub(super) fn rust(all: Solutions<'_>) -> String {
    let (mut functions, mut methods) = (String::new(), String::new());
    for (_, code) in all {
        functions += code;
        functions.push('\n');
        let at = code.find("pub fn ").unwrap() + "pub fn ".len();
        let (name, _) = code[at..].split_once('(').unwrap();
        let (params, returns) = head(code, &format!("pub fn {name}("));
        let params = params.replace("mut ", "");
        let names = params
            .split(", ")
            .map(|one| one.split_once(": ").unwrap().0);
        let names = names.collect::<Vec<_>>().join(", ");
        methods += &format!(
            "    pub fn {name}(&self, {params}){returns} {{ Solution::{name}({names}) }}\n"
        );
    }
    format!(
        "{functions}\nstruct Fifty;\nimpl Fifty {{\n    pub fn new() -> Self {{ Fifty }}\n{methods}}}\n"
    )
}
