//! Whether arguments fit the parameters that they are for.

use super::nodes::Nodes;
use super::object::element;
use super::{Param, Type};
use crate::json::Json;

/// Whether the arguments of a function fit its parameters. Errors: a sentence for
/// people that begins with the place of the one that does not.
pub fn check_arguments(params: &[Param], values: &[Json<'_>], path: &str) -> Result<(), String> {
    let place = |at: usize| element(path, at);
    for (at, (param, value)) in params.iter().zip(values).enumerate() {
        if let Some(mismatch) = param.ty.mismatch_as_argument(*value, &place(at)) {
            return Err(mismatch);
        }
    }
    let values: Vec<_> = values.iter().copied().map(Some).collect();
    check_joins(params, &values, place)
}

/// Whether each `linked_nodes` joins a node of an earlier argument, if any. `values`:
/// the arguments that stand in the case, by parameter.
pub(super) fn check_joins(
    params: &[Param],
    values: &[Option<Json<'_>>],
    place: impl Fn(usize) -> String,
) -> Result<(), String> {
    for (at, param) in params.iter().enumerate() {
        if matches!(param.ty, Type::LinkedNodes(_))
            && let Some((inner, rule)) = joins_nothing(params, values, at)
        {
            return Err(format!("{}{inner} {rule}", place(at)));
        }
    }
    Ok(())
}

/// Where the last node of an argument joins what is no node of an earlier one.
/// `arguments`: those that stand in the case, by parameter.
fn joins_nothing(
    params: &[Param],
    arguments: &[Option<Json<'_>>],
    index: usize,
) -> Option<(String, String)> {
    let nodes = Nodes::read(arguments[index]?, true).ok()?;
    let (argument, node) = nodes.joins?;
    if argument >= index || params[argument].ty != params[index].ty {
        let rule = "must be the number of an earlier argument of the same type, from 0.";
        return Some((".joins.argument".into(), rule.into()));
    }
    let other = arguments[argument].and_then(|other| Nodes::read(other, true).ok());
    let is_there = other.is_some_and(|other| node < other.count);
    let rule = "must be the number of a node of that argument, from 0.";
    (!is_there).then(|| (".joins.node".into(), rule.into()))
}
