//! The calls of a case of a class problem.
//!
//! A case's input is a list of calls `[name, argument, …]`, of which the first makes
//! an object. They are counted from 0. The name is that of the class, for its
//! constructor, or that of a method, which is called on the newest object that has
//! no name of its own. An object with one is made by `[{"new": "b"}, …]`, and called
//! by `[{"on": "b", "call": "get"}, …]`. An argument `{"result": n}` is what call `n`
//! answered.

use super::arguments::check_joins;
use super::object::element;
use super::{ClassSignature, MAX_DEPTH, Method, Param, Type};
use crate::json::{Json, Kind, Object};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The longest name of an object, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    /// The object's number: from 0, in the order in which they are made.
    pub object: usize,
    /// The name that the case gives the object.
    pub object_name: Option<Cow<'a, str>>,
    /// The method's index; `None` for the constructor.
    pub method: Option<usize>,
    /// One for each parameter.
    pub arguments: Vec<Argument<'a>>,
}

/// What a call gets for a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Argument<'a> {
    /// A value.
    Value(Json<'a>),
    /// What an earlier call answered, by its number.
    Answer(usize),
}

/// The result of a constructor, and of a method that returns nothing.
static NOTHING: Type = Type::Null;

/// What is known of the calls that were read.
#[derive(Default)]
struct Objects<'a> {
    /// How many there are.
    count: usize,
    /// The numbers of those with a name of their own. A case can make 200,000 of them.
    named: BTreeMap<Cow<'a, str>, usize>,
    /// The newest one without a name.
    newest: Option<usize>,
    /// The type of each answer.
    answers: Vec<Type>,
}

impl<'a> Objects<'a> {
    /// Adds an object; its number.
    fn make(&mut self, name: Option<&Cow<'a, str>>) -> usize {
        let number = self.count;
        self.count += 1;
        match name {
            Some(name) => {
                self.named.insert(name.clone(), number);
            }
            None => self.newest = Some(number),
        }
        number
    }

    /// The object with this name, or the newest one without.
    fn find(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.named.get(name).copied(),
            None => self.newest,
        }
    }
}

impl ClassSignature {
    /// The method that a call is to; `None` for the constructor.
    pub fn method(&self, call: &Call<'_>) -> Option<&Method> {
        call.method.and_then(|index| self.methods.get(index))
    }

    /// The name of what is called.
    pub fn name_of(&self, call: &Call<'_>) -> &str {
        let method = self.method(call);
        method.map_or(&self.name, |method| &method.signature.name)
    }

    /// The type of a call's answer.
    pub fn returns(&self, call: &Call<'_>) -> &Type {
        let method = self.method(call);
        method.map_or(&NOTHING, |method| &method.signature.returns)
    }

    fn params(&self, method: Option<usize>) -> &[Param] {
        let method = method.and_then(|index| self.methods.get(index));
        method.map_or(&self.params, |method| &method.signature.params)
    }

    /// Reads the calls of a case. Errors: a sentence for people that begins with the
    /// place, such as `cases[2].input[3][1]`; `path` is that of the list.
    pub fn calls<'a>(&self, input: Json<'a>, path: &str) -> Result<Vec<Call<'a>>, String> {
        let mut items = input.items().into_iter().flatten().enumerate().peekable();
        if items.peek().is_none() {
            let first = &self.name;
            return Err(format!(
                "{path} must be a list of calls [name, argument, …], of which the first is to \
                 {first}."
            ));
        }
        let mut objects = Objects::default();
        let mut calls = Vec::new();
        for (index, item) in items {
            let call = self.call(item, &element(path, index), &mut objects)?;
            objects.answers.push(self.returns(&call).clone());
            calls.push(call);
        }
        Ok(calls)
    }

    fn call<'a>(
        &self,
        item: Json<'a>,
        path: &str,
        objects: &mut Objects<'a>,
    ) -> Result<Call<'a>, String> {
        let mut parts = item.items().into_iter().flatten();
        let head = parts
            .next()
            .ok_or_else(|| format!("{path} must be a call: [name, argument, …]."))?;
        let (object_name, method) = self.head(head, &element(path, 0), objects)?;
        let object = match method {
            None => objects.make(object_name.as_ref()),
            Some(_) => objects.find(object_name.as_deref()).ok_or_else(|| {
                format!(
                    "{path} is a call to no object: there is none that was made before it{}.",
                    if object_name.is_some() {
                        " with this name"
                    } else {
                        " without a name"
                    }
                )
            })?,
        };
        let params = self.params(method);
        let mut arguments = Vec::with_capacity(params.len());
        for (at, value) in parts.enumerate() {
            let place = element(path, at + 1);
            match params.get(at) {
                Some(param) => arguments.push(argument(param, value, &place, &objects.answers)?),
                None => break,
            }
        }
        let given = item.items().into_iter().flatten().count() - 1;
        if given != params.len() {
            let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
            let method = method.and_then(|index| self.methods.get(index));
            return Err(format!(
                "{path} must have {} arguments after the name, for {}({}).",
                params.len(),
                method.map_or(&self.name, |method| &method.signature.name),
                names.join(", "),
            ));
        }
        let stands = |one: &Argument<'a>| match one {
            Argument::Value(value) => Some(*value),
            Argument::Answer(_) => None,
        };
        check_joins(
            params,
            &arguments.iter().map(stands).collect::<Vec<_>>(),
            |at| element(path, at + 1),
        )?;
        Ok(Call {
            object,
            object_name,
            method,
            arguments,
        })
    }

    /// The object's name and the method's index of what stands first in a call.
    fn head<'a>(
        &self,
        head: Json<'a>,
        path: &str,
        objects: &Objects<'a>,
    ) -> Result<(Option<Cow<'a, str>>, Option<usize>), String> {
        let is_first = objects.answers.is_empty();
        let constructor = || {
            format!(
                "{path} must be \"{}\": the first call makes an object.",
                self.name
            )
        };
        if let Some(name) = head.text() {
            return match self.index_of(&name) {
                Some(Some(_)) if is_first => Err(constructor()),
                Some(method) => Ok((None, method)),
                None => Err(self.no_method(path)),
            };
        }
        let members = Object::of(head).map_err(|_| {
            format!(
                "{path} must be a name, or {{\"new\": object}} or {{\"on\": object, \"call\": name}}."
            )
        })?;
        let mut names = members.names();
        let names = (names.next(), names.next(), names.next());
        let name = |member: &str| {
            let name = members.get(member).and_then(Json::text);
            name.filter(|name| (1..=MAX_NAME_BYTES).contains(&name.len()))
                .ok_or_else(|| {
                    format!("{path}.{member} must be a name of 1 to {MAX_NAME_BYTES} bytes.")
                })
        };
        match names {
            (Some("new"), None, None) => {
                let name = name("new")?;
                if objects.find(Some(&name)).is_some() {
                    return Err(format!(
                        "{path}.new must differ from the other objects' names."
                    ));
                }
                Ok((Some(name), None))
            }
            (Some("on"), Some("call"), None) | (Some("call"), Some("on"), None) => {
                if is_first {
                    return Err(constructor());
                }
                let object = name("on")?;
                match self.index_of(&name("call")?) {
                    Some(Some(method)) => Ok((Some(object), Some(method))),
                    _ => Err(self.no_method(&format!("{path}.call"))),
                }
            }
            _ => Err(format!(
                "{path} must be a name, or {{\"new\": object}} or {{\"on\": object, \"call\": name}}."
            )),
        }
    }

    /// What is called by a name: `Some(None)` is the constructor.
    fn index_of(&self, name: &str) -> Option<Option<usize>> {
        if name == self.name {
            return Some(None);
        }
        let mut methods = self.methods.iter();
        let index = methods.position(|method| method.signature.name == name);
        index.map(Some)
    }

    fn no_method(&self, path: &str) -> String {
        let names = self.methods.iter().map(|one| one.signature.name.as_str());
        let names: Vec<&str> = names.collect();
        format!(
            "{path} is no method of {}, which has {}.",
            self.name,
            names.join(", ")
        )
    }
}

/// `answers`: the types of what the calls before this one answer.
fn argument<'a>(
    param: &Param,
    value: Json<'a>,
    path: &str,
    answers: &[Type],
) -> Result<Argument<'a>, String> {
    if let Some(number) = result_number(value) {
        let earlier = number
            .u64()
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| answers.get(*number) == Some(&param.ty));
        let can_be = param.ty != Type::Null && !matches!(param.ty, Type::LinkedNodes(_));
        return match earlier.filter(|_| can_be) {
            Some(number) => Ok(Argument::Answer(number)),
            None => Err(format!(
                "{path}.result must be the number, from 0, of an earlier call that returns {}; an \
                 object with this member alone cannot be an argument.",
                param.ty
            )),
        };
    }
    match param.ty.mismatch_as_argument(value, path) {
        None => Ok(Argument::Value(value)),
        Some(mismatch) => Err(mismatch),
    }
}

/// `n` of an object `{"result": n}`.
fn result_number(value: Json<'_>) -> Option<Json<'_>> {
    if value.kind() != Kind::Object || value.depth() > MAX_DEPTH {
        return None;
    }
    let mut members = value.members()?;
    let (name, number) = members.next()?;
    let is_alone = members.next().is_none();
    (is_alone && name.text().as_deref() == Some("result")).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Kind as ProblemKind;
    use crate::json::JsonText;
    use serde_json::json;

    fn class() -> ClassSignature {
        let problem = JsonText::from(json!({
            "kind": "class",
            "signature": {
                "name": "LruCache",
                "params": [{ "name": "capacity", "type": "int" }],
                "methods": [
                    { "name": "get", "params": [{ "name": "key", "type": "int" }], "returns": "int" },
                    {
                        "name": "put",
                        "params": [
                            { "name": "key", "type": "int" },
                            { "name": "value", "type": "int" },
                        ],
                        "returns": "null",
                    },
                    { "name": "dump", "params": [], "returns": "map<int>" },
                    {
                        "name": "load",
                        "params": [{ "name": "all", "type": "map<int>" }],
                        "returns": "null",
                    },
                    {
                        "name": "meet",
                        "params": [
                            { "name": "a", "type": "linked_nodes<int>" },
                            { "name": "b", "type": "linked_nodes<int>" },
                        ],
                        "returns": "linked_nodes<int>",
                    },
                ],
            },
        }));
        match ProblemKind::of_stored(problem.json()).unwrap() {
            ProblemKind::Class(class) => class,
            other => panic!("{other:?}"),
        }
    }

    fn read(input: &str) -> Result<Vec<(usize, Option<usize>, usize)>, String> {
        let input = Json::parse(input.as_bytes()).unwrap();
        let calls = class().calls(input, "cases[2].input")?;
        let part = |call: &Call<'_>| (call.object, call.method, call.arguments.len());
        Ok(calls.iter().map(part).collect())
    }

    #[test]
    fn calls_are_to_the_newest_object_without_a_name_or_to_a_named_one() {
        let input = r#"[["LruCache",1],["put",1,5],[{"new":"b"},2],["get",1],
            [{"on":"b","call":"put"},1,2],["LruCache",3],["get",1],[{"call":"get","on":"b"},1],
            ["dump"],["load",{"result":8}],["load",{"a":1,"result":2}]]"#;
        let expected = [
            (0, None, 1),
            (0, Some(1), 2),
            (1, None, 1),
            (0, Some(0), 1),
            (1, Some(1), 2),
            (2, None, 1),
            (2, Some(0), 1),
            (1, Some(0), 1),
            (2, Some(2), 0),
            (2, Some(3), 1),
            (2, Some(3), 1),
        ];
        assert_eq!(read(input).unwrap(), expected);
        let input = Json::parse(input.as_bytes()).unwrap();
        let class = class();
        let calls = class.calls(input, "").unwrap();
        assert_eq!(calls[9].arguments, [Argument::Answer(8)]);
        assert_eq!(calls[7].object_name.as_deref(), Some("b"));
        assert_eq!(class.name_of(&calls[7]), "get");
        assert_eq!(class.returns(&calls[0]), &Type::Null);
    }

    /// The time would be minutes if each call looked through the objects before it.
    #[test]
    fn as_many_objects_as_a_problem_has_room_for_are_read_at_once() {
        let (mut input, count) = (String::from("["), 100_000);
        for number in 0..count {
            input += &format!(
                r#"[{{"new":"{number}"}},1],[{{"on":"{}","call":"get"}},1],"#,
                number / 2
            );
        }
        input += r#"[{"new":"0"},1]]"#;
        let started = std::time::Instant::now();
        let said = read(&input).unwrap_err();
        assert!(said.contains("[200000][0].new must differ"), "{said}");
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }

    #[test]
    fn what_is_no_call_is_refused_with_its_place() {
        for (input, said) in [
            ("1", "cases[2].input must be a list of calls"),
            ("[]", "cases[2].input must be a list of calls"),
            ("[1]", "cases[2].input[0] must be a call"),
            ("[[]]", "cases[2].input[0] must be a call"),
            ("[[1]]", "cases[2].input[0][0] must be a name, or"),
            ("[[\"get\",1]]", "cases[2].input[0][0] must be \"LruCache\""),
            (
                "[[{\"on\":\"b\",\"call\":\"get\"},1]]",
                "cases[2].input[0][0] must be \"LruCache\"",
            ),
            (
                "[[\"LruCache\",1],[\"gt\",1]]",
                "cases[2].input[1][0] is no method of LruCache, which has get, put, dump",
            ),
            (
                "[[\"LruCache\"]]",
                "cases[2].input[0] must have 1 arguments after the name, for LruCache(capacity)",
            ),
            (
                "[[\"LruCache\",1],[\"put\",1]]",
                "cases[2].input[1] must have 2 arguments after the name, for put(key, value)",
            ),
            (
                "[[\"LruCache\",1],[\"get\",1,2]]",
                "cases[2].input[1] must have 1 arguments",
            ),
            (
                "[[\"LruCache\",1],[\"put\",1,\"x\"]]",
                "cases[2].input[1][2] must be a whole number",
            ),
            (
                "[[{\"new\":\"b\"},1],[\"get\",1]]",
                "cases[2].input[1] is a call to no object: there is none that was made before it \
                 without a name",
            ),
            (
                "[[\"LruCache\",1],[{\"on\":\"b\",\"call\":\"get\"},1]]",
                "cases[2].input[1] is a call to no object: there is none that was made before it \
                 with this name",
            ),
            (
                "[[{\"new\":\"b\"},1],[{\"new\":\"b\"},1]]",
                "cases[2].input[1][0].new must differ",
            ),
            (
                "[[{\"new\":\"\"},1]]",
                "cases[2].input[0][0].new must be a name",
            ),
            (
                "[[{\"new\":\"b\",\"on\":\"b\"},1]]",
                "cases[2].input[0][0] must be a name, or",
            ),
            (
                "[[{\"new\":\"b\"},1],[{\"on\":\"b\",\"call\":\"LruCache\"},1]]",
                "cases[2].input[1][0].call is no method",
            ),
            (
                "[[\"LruCache\",1],[\"load\",{\"result\":1}],[\"dump\"]]",
                "cases[2].input[1][1].result must be the number, from 0, of an earlier call that \
                 returns map<int>",
            ),
            (
                "[[\"LruCache\",1],[\"get\",1],[\"load\",{\"result\":1}]]",
                "cases[2].input[2][1].result must be",
            ),
            (
                "[[\"LruCache\",1],[\"load\",{\"result\":\"x\"}]]",
                "cases[2].input[1][1].result must be",
            ),
            (
                "[[\"LruCache\",1],[\"meet\",[1],[]],[\"meet\",{\"result\":1},[]]]",
                "cases[2].input[2][1].result must be",
            ),
            (
                "[[\"LruCache\",1],[\"meet\",[1],{\"values\":[2],\"joins\":{\"argument\":0,\"node\":1}}]]",
                "cases[2].input[1][2].joins.node must be",
            ),
            (
                "[[\"LruCache\",1],[\"meet\",{\"values\":[2],\"joins\":{\"argument\":1,\"node\":0}},[1]]]",
                "cases[2].input[1][1].joins.argument must be",
            ),
        ] {
            let error = read(input).unwrap_err();
            assert!(error.starts_with(said), "{input}\n{error}");
        }
    }
}
