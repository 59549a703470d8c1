//! What stands behind the user's code: how each of its functions is called.

use std::fmt::Write as _;

use shared::domain::problem::{Answer, Callable, ClassSignature, Param, Signature, Type};

use super::prototype::{Code, Prototype, Spelled};
use crate::template::{Node, mentions};

/// Reads and writes lists.
const LIST: &str = include_str!(concat!(env!("OUT_DIR"), "/c_part_list"));
/// Reads and writes trees.
const TREE: &str = include_str!(concat!(env!("OUT_DIR"), "/c_part_tree"));
/// The main function.
const MAIN: &str = include_str!(concat!(env!("OUT_DIR"), "/c_part_main"));

/// `LruCache` as C's functions begin with it.
pub(super) fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_ascii_lowercase(), letters.as_str())
    })
}

pub(super) fn upper(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_ascii_uppercase(), letters.as_str())
    })
}

pub(super) fn write(callable: Callable<'_>, code: &Code) -> String {
    let mut text = String::new();
    for (node, part) in [(Node::List, LIST), (Node::Tree, TREE)] {
        if mentions(callable, node) {
            text += part;
        }
    }
    let calls = match callable {
        Callable::Function(signature) => function(signature, code),
        Callable::Class(class) => class_calls(class, code),
    };
    match calls {
        Ok(calls) => text + &calls + MAIN,
        Err(sentence) => format!("#error judge: {sentence}\n"),
    }
}

fn function(signature: &Signature, code: &Code) -> Result<String, String> {
    let name = &signature.name;
    let what = format!("The function `{name}`");
    let found = code.function(name).filter(|found| found.name == *name);
    let found = found.or_else(|| {
        let snake = signature.snake_name();
        code.function(&snake).filter(|found| found.name == snake)
    });
    let found = found.ok_or_else(|| format!("{what} was not found in your code."))?;
    let call = Call::of(&found, None, &signature.params, signature);
    let call = call.ok_or_else(|| unfit(&what))?;
    Ok(format!(
        "#define JUDGE_CLASS 0\nstatic void judge_case(bool announce, const char *nonce, const char *index, size_t length) {{\n\
         (void)announce;(void)nonce;(void)index;(void)length;\nbool first = true;\njudge_need('[');\n{call}judge_need(']');\n\
         }}\nstatic void judge_free(void) {{}}\n"
    ))
}

fn unfit(what: &str) -> String {
    let what = what.replacen("The ", "the ", 1);
    format!("The parameters or the result of {what} are not those of the problem.")
}

fn class_calls(class: &ClassSignature, code: &Code) -> Result<String, String> {
    let name = &class.name;
    let made = code.function(&format!("{name}Create"));
    let made = made.ok_or_else(|| format!("The class `{name}` was not found in your code."))?;
    let object = made.returns.clone();
    if object.stars != 1 {
        return Err(unfit(&format!("The function `{}`", made.name)));
    }
    let constructor = Signature {
        name: made.name.clone(),
        params: class.params.clone(),
        returns: Type::Null,
        answer: Answer::Returned,
    };
    let mut text = format!(
        "#define JUDGE_CLASS 1\ntypedef {} judge_object;\nstatic judge_object **judge_objects;\nstatic size_t judge_calls;\n",
        object.base
    );
    let what = format!("The function `{}`", made.name);
    let call = Call::of(&made, Some(true), &class.params, &constructor);
    let mut arms = format!(
        "case -1: {{\n{}break;\n}}\n",
        call.ok_or_else(|| unfit(&what))?
    );
    for (number, method) in class.methods.iter().enumerate() {
        let signature = &method.signature;
        let what = format!("The method `{}` of the class `{name}`", signature.name);
        let found = code.function(&format!("{name}{}", signature.name));
        let found = found.or_else(|| code.function(&format!("{name}{}", signature.snake_name())));
        let found = found.ok_or_else(|| format!("{what} was not found in your code."))?;
        let call = Call::of(&found, Some(false), &signature.params, signature);
        let _ = write!(
            arms,
            "case {number}: {{\n{}break;\n}}\n",
            call.ok_or_else(|| unfit(&what))?
        );
    }
    text += "static void judge_one(long long object, long long method) {\nbool first = false;\nswitch (method) {\n";
    text += &arms;
    text += "}\n}\n";
    text += include_str!(concat!(env!("OUT_DIR"), "/c_part_class"));
    let freed = code.function(&format!("{name}Free"));
    let freed = freed.map_or_else(String::new, |free| {
        format!(
            "for (size_t i = 0; i < judge_calls; ++i) if (judge_objects[i]) {}(judge_objects[i]);\n",
            free.name
        )
    });
    let _ = write!(text, "static void judge_free(void) {{\n{freed}}}\n");
    Ok(text)
}

/// One call in the making: how the arguments are read, and what is passed.
struct Call<'a> {
    params: std::slice::Iter<'a, Spelled>,
    reads: String,
    passed: Vec<String>,
}

impl<'a> Call<'a> {
    /// The statements of a call; `None` when the function's types are not those of
    /// the signature. `made`: whether it makes an object, for a class.
    fn of(
        found: &'a Prototype,
        made: Option<bool>,
        params: &[Param],
        signature: &Signature,
    ) -> Option<String> {
        let mut call = Self {
            params: found.params.iter(),
            reads: String::new(),
            passed: Vec::new(),
        };
        if made == Some(false) {
            call.params.next()?;
            call.passed.push("judge_objects[object]".into());
        }
        for (at, param) in params.iter().enumerate() {
            let _ = writeln!(
                call.reads,
                "if (!first) judge_need(',');\nfirst = false;\nconst char *back{at} = judge_from({at});"
            );
            call.param(at, &param.ty)?;
            let _ = writeln!(call.reads, "if (back{at}) judge_at = back{at};");
        }
        let nothing = found.returns.base == "void" && found.returns.stars == 0;
        let result = match (made, &signature.returns, signature.answer) {
            (Some(true), ..) => {
                call.finish(&found.name, "judge_objects[object] = ")?;
                "judge_text(\"null\");\n".to_owned()
            }
            (_, Type::Null, Answer::Returned) => {
                call.finish(&found.name, "")?;
                "judge_text(\"null\");\n".to_owned()
            }
            (_, returns, Answer::Returned) => {
                let put = call.result(&found.returns, returns, nothing)?;
                call.finish(&found.name, &declared(&found.returns))?;
                put
            }
            (_, returns, answer) => {
                let mut parts: Vec<String> = Vec::new();
                let mut kept = String::new();
                if !answer.returned() {
                    if matches!(returns, Type::List(_)) && call.params.len() > 0 {
                        call.result(&found.returns, returns, nothing)?;
                    }
                } else if *returns == Type::Null {
                    parts.push("judge_text(\"null\");\n".into());
                } else {
                    parts.push(call.result(&found.returns, returns, nothing)?);
                    kept = declared(&found.returns);
                }
                call.finish(&found.name, &kept)?;
                for index in answer.arguments() {
                    parts.push(call.after(index, &params.get(index)?.ty, found));
                }
                if let [one] = &parts[..] {
                    one.clone()
                } else {
                    let parts = parts.join("judge_text(\",\");\n");
                    format!("judge_text(\"[\");\n{parts}judge_text(\"]\");\n")
                }
            }
        };
        Some(call.reads + &result)
    }

    /// The call itself, once all parameters are accounted for.
    fn finish(&mut self, name: &str, before: &str) -> Option<()> {
        if self.params.len() > 0 {
            return None;
        }
        let passed = self.passed.join(", ");
        let _ = writeln!(
            self.reads,
            "if (judge_mark) return;\n{before}{name}({passed});"
        );
        Some(())
    }

    fn param(&mut self, at: usize, ty: &Type) -> Option<()> {
        let spelled = self.params.next()?;
        let base = &spelled.base;
        match ty {
            Type::List(of) => {
                let depth = if matches!(**of, Type::List(_)) { 2 } else { 1 };
                let inner = spelled.stars.checked_sub(depth)?;
                let item = match &**of {
                    Type::List(of) => of,
                    of => of,
                };
                let element = format!("{base} {}", "*".repeat(inner));
                let target = if depth == 2 {
                    format!("a{at}[i][j]")
                } else {
                    format!("a{at}[i]")
                };
                let read = get(item, base, inner, &target)?;
                let size = self.params.next().filter(|size| size.stars == 0)?;
                let _ = write!(
                    self.reads,
                    "size_t n{at} = judge_count();\n{element} {}*a{at} = judge_memory(n{at}, sizeof *a{at});\n",
                    if depth == 2 { "*" } else { "" }
                );
                self.passed.push(format!("a{at}"));
                self.passed.push(format!("({})n{at}", size.base));
                if depth == 2 {
                    let columns = self.params.next().filter(|columns| columns.stars == 1)?;
                    let _ = write!(
                        self.reads,
                        "{columns} *c{at} = judge_memory(n{at}, sizeof *c{at});\njudge_need('[');\n\
                         for (size_t i = 0; i < n{at}; ++i) {{\nif (i) judge_need(',');\nsize_t n = judge_count();\nc{at}[i] = n;\n\
                         a{at}[i] = judge_memory(n, sizeof **a{at});\njudge_need('[');\n\
                         for (size_t j = 0; j < n; ++j) {{\nif (j) judge_need(',');\n{read}}}\njudge_need(']');\n}}\njudge_need(']');\n",
                        columns = columns.base
                    );
                    self.passed.push(format!("c{at}"));
                } else {
                    let _ = write!(
                        self.reads,
                        "judge_need('[');\nfor (size_t i = 0; i < n{at}; ++i) {{\nif (i) judge_need(',');\n{read}}}\njudge_need(']');\n"
                    );
                }
            }
            Type::LinkedNodes(_) if spelled.stars == 1 => {
                let _ = writeln!(
                    self.reads,
                    "struct judge_list a{at} = judge_lists[{at}] = judge_get_nodes();"
                );
                self.passed.push(format!("a{at}.passed"));
            }
            ty => {
                let read = get(ty, base, spelled.stars, &format!("a{at}"))?;
                let _ = write!(
                    self.reads,
                    "{base} {}a{at};\n{read}",
                    "*".repeat(spelled.stars)
                );
                if matches!(ty, Type::LinkedList(_) | Type::BinaryTree(_)) {
                    let _ = writeln!(self.reads, "void *h{at} = a{at};(void)h{at};");
                }
                self.passed.push(format!("a{at}"));
            }
        }
        Some(())
    }

    /// How the result is written; takes the parameters that say its sizes.
    fn result(&mut self, spelled: &Spelled, ty: &Type, nothing: bool) -> Option<String> {
        if nothing {
            return None;
        }
        let Type::List(of) = ty else {
            return put(ty, spelled.stars, "result");
        };
        let size = self.params.next().filter(|size| size.stars == 1)?;
        let _ = writeln!(self.reads, "{} size = 0;", size.base);
        self.passed.push("&size".into());
        if let Type::List(of) = &**of {
            let inner = spelled.stars.checked_sub(2)?;
            let columns = self.params.next().filter(|columns| columns.stars == 2)?;
            let _ = writeln!(self.reads, "{} *columns = NULL;", columns.base);
            self.passed.push("&columns".into());
            let put = put(of, inner, "result[i][j]")?;
            return Some(format!(
                "judge_sized(size, result);\nif (size > 0 && !columns) judge_stop('?', \"returnColumnSizes was not set\");\n\
                 judge_text(\"[\");\nfor (long long i = 0; i < size && !judge_mark; ++i) {{\nif (i) judge_text(\",\");\n\
                 judge_sized(columns[i], result[i]);\njudge_text(\"[\");\n\
                 for (long long j = 0; j < columns[i] && !judge_mark; ++j) {{\nif (j) judge_text(\",\");\n{put}}}\njudge_text(\"]\");\n}}\njudge_text(\"]\");\n"
            ));
        }
        let inner = spelled.stars.checked_sub(1)?;
        let put = put(of, inner, "result[i]")?;
        Some(format!(
            "judge_sized(size, result);\njudge_text(\"[\");\n\
             for (long long i = 0; i < size && !judge_mark; ++i) {{\nif (i) judge_text(\",\");\n{put}}}\njudge_text(\"]\");\n"
        ))
    }

    /// How an argument is written after the call.
    fn after(&self, at: usize, ty: &Type, found: &Prototype) -> String {
        // Each list has one or two parameters more than the signature has.
        let stars = |depth: usize| {
            let name = format!("a{at}");
            let place = self.passed.iter().position(|one| *one == name);
            let stars = place
                .and_then(|place| found.params.get(place))
                .map_or(0, |one| one.stars);
            stars.saturating_sub(depth)
        };
        let loops = |put: String| {
            format!(
                "judge_text(\"[\");\nfor (size_t i = 0; i < n{at}; ++i) {{\nif (i) judge_text(\",\");\n{put}}}\njudge_text(\"]\");\n"
            )
        };
        match ty {
            Type::List(of) => match &**of {
                Type::List(of) => {
                    let put = put(of, stars(2), &format!("a{at}[i][j]")).unwrap_or_default();
                    loops(format!(
                        "judge_text(\"[\");\nfor (size_t j = 0; j < (size_t)c{at}[i]; ++j) {{\nif (j) judge_text(\",\");\n{put}}}\njudge_text(\"]\");\n"
                    ))
                }
                of => loops(put(of, stars(1), &format!("a{at}[i]")).unwrap_or_default()),
            },
            Type::LinkedNodes(_) => {
                format!("judge_put_list(a{at}.count ? a{at}.nodes[0] : a{at}.passed, true);\n")
            }
            Type::LinkedList(_) | Type::BinaryTree(_) => {
                put(ty, 1, &format!("h{at}")).unwrap_or_default()
            }
            ty => put(ty, stars(0), &format!("a{at}")).unwrap_or_default(),
        }
    }
}

fn declared(returns: &Spelled) -> String {
    format!("{} {}result = ", returns.base, "*".repeat(returns.stars))
}

/// Reads one value into `target`.
fn get(ty: &Type, base: &str, stars: usize, target: &str) -> Option<String> {
    Some(match (ty, stars) {
        (Type::Int, 0) => format!(
            "{{\nlong long whole = judge_get_int();\n{target} = ({base})whole;\nif ((long long){target} != whole) judge_misfit();\n}}\n"
        ),
        (Type::Float, 0) => format!("{target} = ({base})judge_get_float();\n"),
        (Type::Bool, 0) => format!("{target} = judge_get_bool();\n"),
        (Type::String, 0) => format!("{target} = judge_get_char();\n"),
        (Type::String, 1) => format!("{target} = judge_get_string();\n"),
        (Type::LinkedList(_), 1) => format!("{target} = judge_get_list().passed;\n"),
        (Type::BinaryTree(_), 1) => format!("{target} = judge_get_tree();\n"),
        _ => return None,
    })
}

/// Writes one value.
fn put(ty: &Type, stars: usize, value: &str) -> Option<String> {
    Some(match (ty, stars) {
        (Type::Int, 0) => format!("judge_put_whole((long long){value}, {value} > 0);\n"),
        (Type::Float, 0) => format!("judge_put_float({value});\n"),
        (Type::Bool, 0) => format!("judge_put_bool({value});\n"),
        (Type::String, 0) => format!("judge_put_char({value});\n"),
        (Type::String, 1) => format!("judge_put_string({value});\n"),
        (Type::LinkedList(_), 1) => format!("judge_put_list({value}, false);\n"),
        (Type::LinkedNodes(_), 1) => format!("judge_put_list({value}, true);\n"),
        (Type::BinaryTree(_), 1) => format!("judge_put_tree({value});\n"),
        _ => return None,
    })
}
