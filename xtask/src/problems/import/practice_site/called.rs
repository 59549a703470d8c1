//! `metaData` of a practice site: what is called, and which value is the answer.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use shared::domain::problem::Type;
use shared::json::{Json, Kind};
use shared::text::truncated;

use super::super::super::files::member;
use super::types;

/// How much of an unknown type's name an error repeats, in bytes.
const MAX_NAME_BYTES: usize = 60;

/// What is called.
#[derive(Debug)]
pub(super) enum Called {
    /// A function.
    Function {
        /// Its name, parameters and result.
        function: Function,
        /// The argument that is compared, by index, in the place of the result.
        argument: Option<usize>,
        /// Whether only so many of its elements count as the function returns.
        is_cut: bool,
    },
    /// A class.
    Class {
        /// Its name.
        name: String,
        /// The constructor's parameters.
        params: Vec<Param>,
        /// At least one.
        methods: Vec<Function>,
    },
}

/// A function or a method.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) params: Vec<Param>,
    pub(super) returns: Type,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) ty: Type,
}

impl Called {
    /// Reads it. Errors name the member of `metaData`.
    pub(super) fn read(metadata: Json<'_>) -> Result<Self> {
        if metadata.kind() != Kind::Object {
            bail!("metaData must be a JSON object");
        }
        let is = |name: &str| member(metadata, name).and_then(Json::bool) == Some(true);
        if is("manual") {
            bail!(
                "metaData.manual is true: the site judges this problem by a program of its own, \
                 which is not in its data. Write the problem by hand"
            );
        }
        if is("systemdesign") || member(metadata, "classname").is_some() {
            return class(metadata);
        }
        let function = function(metadata, "metaData")?;
        let Some(output) = member(metadata, "output").filter(|output| !output.is_null()) else {
            if function.returns == Type::Null {
                bail!(
                    "{} returns nothing, and metaData.output does not say which argument is its \
                     answer",
                    function.name
                );
            }
            return Ok(Self::Function {
                function,
                argument: None,
                is_cut: false,
            });
        };
        let index = member(output, "paramindex").and_then(Json::u64);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let argument = index
            .filter(|index| *index < function.params.len())
            .context("metaData.output.paramindex must be the number of a parameter, from 0")?;
        let size = member(output, "size").filter(|size| !size.is_null());
        let is_cut = size.is_some();
        if size.is_some_and(|size| size.text().as_deref() != Some("ret")) {
            bail!("metaData.output.size can only be \"ret\" here: as many elements as it returns");
        }
        Ok(Self::Function {
            function,
            argument: Some(argument),
            is_cut,
        })
    }

    /// The members `kind`, `signature` and `answer` of a problem.
    pub(super) fn members(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Function {
                function,
                argument,
                is_cut,
            } => {
                let mut members = vec![
                    ("kind", json!("function")),
                    ("signature", signature(function)),
                ];
                if let Some(argument) = argument {
                    let mut answer = json!({ "argument": argument });
                    if *is_cut {
                        answer["length"] = json!("returned");
                    }
                    members.push(("answer", answer));
                }
                members
            }
            Self::Class {
                name,
                params,
                methods,
            } => {
                let methods: Vec<Value> = methods.iter().map(signature).collect();
                let signature =
                    json!({ "name": name, "params": self::params(params), "methods": methods });
                vec![("kind", json!("class")), ("signature", signature)]
            }
        }
    }

    /// Whether an answer is a float, or holds one.
    pub(super) fn has_floats(&self) -> bool {
        match self {
            Self::Function { .. } => self.answer().is_some_and(holds_floats),
            Self::Class { methods, .. } => methods.iter().any(|one| holds_floats(&one.returns)),
        }
    }

    /// The type of a function's answer. A class has one for each call.
    pub(super) fn answer(&self) -> Option<&Type> {
        match self {
            Self::Function {
                function, argument, ..
            } => {
                let param = argument.and_then(|index| function.params.get(index));
                Some(param.map_or(&function.returns, |param| &param.ty))
            }
            Self::Class { .. } => None,
        }
    }
}

fn holds_floats(ty: &Type) -> bool {
    *ty == Type::Float || ty.item().is_some_and(holds_floats)
}

fn signature(function: &Function) -> Value {
    json!({
        "name": function.name,
        "params": params(&function.params),
        "returns": function.returns.to_string(),
    })
}

fn params(params: &[Param]) -> Value {
    let param = |param: &Param| json!({ "name": param.name, "type": param.ty.to_string() });
    params.iter().map(param).collect()
}

fn class(metadata: Json<'_>) -> Result<Called> {
    let name = name(metadata, "classname", "metaData")?;
    let constructor = member(metadata, "constructor").unwrap_or(Json::EMPTY_OBJECT);
    let params = read_params(constructor, "metaData.constructor")?;
    let methods = member(metadata, "methods").and_then(Json::items);
    let methods = methods.context("metaData.methods must be a list")?;
    let read = |(index, method)| function(method, &format!("metaData.methods[{index}]"));
    Ok(Called::Class {
        name,
        params,
        methods: methods.enumerate().map(read).collect::<Result<_>>()?,
    })
}

fn function(value: Json<'_>, place: &str) -> Result<Function> {
    let returns = member(value, "return").filter(|value| !value.is_null());
    let returns = match returns {
        Some(value) => ty(value, &format!("{place}.return"))?,
        None => Type::Null,
    };
    Ok(Function {
        name: name(value, "name", place)?,
        params: read_params(value, place)?,
        returns,
    })
}

fn read_params(value: Json<'_>, place: &str) -> Result<Vec<Param>> {
    let Some(params) = member(value, "params").filter(|params| !params.is_null()) else {
        return Ok(Vec::new());
    };
    let params = params
        .items()
        .with_context(|| format!("{place}.params must be a list"))?;
    let read = |(index, param)| {
        let place = format!("{place}.params[{index}]");
        Ok(Param {
            name: name(param, "name", &place)?,
            ty: ty(param, &place)?,
        })
    };
    params.enumerate().map(read).collect()
}

fn name(value: Json<'_>, member_name: &str, place: &str) -> Result<String> {
    let name = member(value, member_name).and_then(Json::text);
    let name = name.with_context(|| format!("{place}.{member_name} is required, as text"))?;
    Ok(name.into_owned())
}

fn ty(value: Json<'_>, place: &str) -> Result<Type> {
    let name = member(value, "type").and_then(Json::text);
    let name = name.with_context(|| format!("{place}.type is required, as text"))?;
    types::ours(&name).with_context(|| {
        format!(
            "{place}.type is {:?}, which is no type here: integer, long, double, string, \
             character, boolean, void, ListNode, TreeNode, and lists of them (T[], list<T>) are",
            truncated(&name, MAX_NAME_BYTES)
        )
    })
}
