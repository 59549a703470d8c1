//! Values of the type `linked_nodes<T>`: the nodes of a linked list that may have a
//! cycle, or whose end is a node of another list.
//!
//! An array of the values from head to tail, or an object:
//!
//! ```text
//! {"values":[3,2,0,-4],"cycle":1}                          the last node links to node 1
//! {"values":[1,2],"joins":{"argument":0,"node":2}}         it links to node 2 of argument 0
//! {"values":[4,5,1,9],"node":1}                            node 1 is passed, not the head
//! ```
//!
//! `joins` and `node` are for arguments only; `cycle` and `joins` do not stand
//! together. Nodes are counted from 0.

use crate::json::{Json, Object};

/// A list of nodes, as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nodes<'a> {
    /// The array of the values.
    pub values: Json<'a>,
    /// How many there are.
    pub count: usize,
    /// The node to which the last one links.
    pub cycle: Option<usize>,
    /// The node that is passed; the head is 0.
    pub node: usize,
    /// An earlier argument and its node to which the last one links.
    pub joins: Option<(usize, usize)>,
}

/// Where below a value a rule is broken, and the rule.
type Broken = (String, String);

impl<'a> Nodes<'a> {
    /// Reads an array or an object. Errors: the place below `value`, and the rule.
    pub fn read(value: Json<'a>, is_argument: bool) -> Result<Self, Broken> {
        let array = |values: Json<'a>| {
            let count = values.items()?.count();
            Some(Self {
                values,
                count,
                cycle: None,
                node: 0,
                joins: None,
            })
        };
        if let Some(nodes) = array(value) {
            return Ok(nodes);
        }
        let broken = |place: &str, rule: &str| (place.to_owned(), rule.to_owned());
        let members = Object::of(value)
            .map_err(|_| broken("", "must be an array, or an object with values."))?;
        let known: &[&str] = if is_argument {
            &["values", "cycle", "node", "joins"]
        } else {
            &["values", "cycle"]
        };
        if members.names().any(|name| !known.contains(&name)) {
            let rule = format!("may have {} and nothing else.", known.join(", "));
            return Err((String::new(), rule));
        }
        let mut nodes = members
            .get("values")
            .and_then(array)
            .ok_or_else(|| broken(".values", "must be an array."))?;
        let index = |value: Json<'a>, place: &str, count: usize| {
            let index = value.u64().and_then(|index| usize::try_from(index).ok());
            index.filter(|index| *index < count).ok_or_else(|| {
                let rule = "must be the number of a node of its list, from 0.";
                broken(place, rule)
            })
        };
        if let Some(value) = members.get("cycle") {
            nodes.cycle = Some(index(value, ".cycle", nodes.count)?);
        }
        if let Some(value) = members.get("node") {
            nodes.node = index(value, ".node", nodes.count)?;
        }
        if let Some(value) = members.get("joins") {
            if nodes.cycle.is_some() {
                return Err(broken(".joins", "cannot stand beside cycle."));
            }
            if nodes.count == 0 {
                return Err(broken(
                    ".joins",
                    "needs a node of its own: values is empty.",
                ));
            }
            let rule = "must be {\"argument\": …, \"node\": …}.";
            let parts = Object::of(value).map_err(|_| broken(".joins", rule))?;
            let number = |name| {
                let number = parts.get(name).and_then(Json::u64);
                number.and_then(|number| usize::try_from(number).ok())
            };
            let both = number("argument").zip(number("node"));
            nodes.joins = Some(
                both.filter(|_| parts.names().count() == 2)
                    .ok_or_else(|| broken(".joins", rule))?,
            );
        }
        Ok(nodes)
    }

    /// The one form that harnesses read.
    pub fn normalized(&self) -> String {
        let cycle = match self.cycle {
            Some(cycle) => cycle.to_string(),
            None => "-1".into(),
        };
        let joins = match self.joins {
            Some((argument, node)) => format!("[{argument},{node}]"),
            None => "[]".into(),
        };
        format!(
            "{{\"values\":{},\"cycle\":{cycle},\"node\":{},\"joins\":{joins}}}",
            self.values.as_str(),
            self.node,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, is_argument: bool) -> Result<String, String> {
        let value = Json::parse(text.as_bytes()).unwrap();
        let nodes = Nodes::read(value, is_argument);
        let broken = |(place, rule)| format!("x{place} {rule}");
        nodes.map(|nodes| nodes.normalized()).map_err(broken)
    }

    #[test]
    fn both_forms_become_one() {
        for (text, normalized) in [
            (
                "[1,2]",
                r#"{"values":[1,2],"cycle":-1,"node":0,"joins":[]}"#,
            ),
            ("[]", r#"{"values":[],"cycle":-1,"node":0,"joins":[]}"#),
            (
                r#"{"cycle":1,"values":[1,2],"node":null}"#,
                r#"{"values":[1,2],"cycle":1,"node":0,"joins":[]}"#,
            ),
            (
                r#"{"values":[1],"joins":{"node":2,"argument":0}}"#,
                r#"{"values":[1],"cycle":-1,"node":0,"joins":[0,2]}"#,
            ),
            (
                r#"{"values":[1,5],"node":1}"#,
                r#"{"values":[1,5],"cycle":-1,"node":1,"joins":[]}"#,
            ),
        ] {
            assert_eq!(read(text, true).as_deref(), Ok(normalized), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_nodes_is_refused_with_its_place() {
        for (text, is_argument, place) in [
            ("1", true, "x must be an array"),
            (r#"{"values":1}"#, true, "x.values must"),
            ("{}", true, "x.values must"),
            (r#"{"values":[1],"cycle":1}"#, true, "x.cycle must"),
            (r#"{"values":[],"cycle":0}"#, true, "x.cycle must"),
            (r#"{"values":[1],"cycle":-1}"#, true, "x.cycle must"),
            (r#"{"values":[1],"node":1}"#, true, "x.node must"),
            (
                r#"{"values":[1],"node":0}"#,
                false,
                "x may have values, cycle and",
            ),
            (
                r#"{"values":[1],"at":0}"#,
                true,
                "x may have values, cycle, node, joins and",
            ),
            (r#"{"values":[1],"joins":[0,1]}"#, true, "x.joins must"),
            (
                r#"{"values":[1],"joins":{"argument":0}}"#,
                true,
                "x.joins must",
            ),
            (
                r#"{"values":[],"joins":{"argument":0,"node":0}}"#,
                true,
                "x.joins needs",
            ),
            (
                r#"{"values":[1],"cycle":0,"joins":{"argument":0,"node":0}}"#,
                true,
                "x.joins cannot",
            ),
        ] {
            let said = read(text, is_argument).unwrap_err();
            assert!(said.starts_with(place), "{text}: {said}");
        }
    }
}
