//! Answers that are an argument after the call, and the nodes of linked lists that
//! have a cycle or share a part.

use serde_json::{Value, json};
use shared::domain::problem::{Answer, Callable, Parts, Signature};

use super::{Language, Row};
use crate::run::signature;

/// Runs the row's program, if the language has it: all values.
fn answers(
    one: &Language,
    (name, row): (&str, Row),
    function: &str,
    answer: Answer,
    cases: &[&str],
) -> Option<Vec<Value>> {
    let code = one.code(name, row)?;
    Some(one.call(function, answer, code, cases).values())
}

const ROTATE: &str = "rotate(list<int>, int) -> null";
const TURNS: [&str; 3] = ["[[1,2,3,4,5],2]", "[[],1]", "[[7,8],3]"];

pub(super) fn arguments(one: &Language) {
    let row = ("rotate", one.programs.rotate);
    let found = answers(one, row, ROTATE, Answer::Argument(0), &TURNS);
    let expected = [json!([4, 5, 1, 2, 3]), json!([]), json!([8, 7])];
    assert!(found.is_none_or(|found| found == expected));
}

pub(super) fn rebinding(one: &Language) {
    let row = ("rebinding", one.programs.rebinds);
    let found = answers(one, row, ROTATE, Answer::Argument(0), &TURNS);
    let unchanged = [json!([1, 2, 3, 4, 5]), json!([]), json!([7, 8])];
    assert!(found.is_none_or(|found| found == unchanged));
}

const REMOVE: &str = "removeElement(list<int>, int) -> int";
const REMOVALS: [&str; 2] = ["[[3,2,2,3],3]", "[[],1]"];

/// One program does for both: of the argument, the judge cuts off what stands behind the
/// first elements, and a harness writes all.
pub(super) fn first_of_an_argument_and_both(one: &Language) {
    let Some(code) = one.code("remove", one.programs.remove) else {
        return;
    };
    let [first, both] = [Answer::FirstOfArgument(0), Answer::both(0)].map(|answer| {
        let signature = Signature {
            answer,
            ..signature(REMOVE)
        };
        one.harness.source(Callable::Function(&signature), code)
    });
    assert_eq!(first, both);
    let found = one.call(REMOVE, Answer::both(0), code, &REMOVALS).values();
    assert_eq!(found[0][0], 2);
    assert_eq!(found[0][1].as_array().unwrap()[..2], [json!(2), json!(2)]);
    assert_eq!(found[0].as_array().unwrap().len(), 2);
    assert_eq!(found[1], json!([0, []]));
}

pub(super) fn several_parts(one: &Language) {
    let function = "deal(list<int>, list<int>, linked_list<int>) -> int";
    let cases = ["[[1,2],[3],[4,5]]", "[[7],[8,6],[]]"];
    let all = Answer::Parts(Parts::new(true, &[0, 1, 2]));
    let found = answers(one, ("deal", one.programs.deal), function, all, &cases);
    let expected = [json!([2, [3, 2], [1], [9, 5]]), json!([1, [8], [7, 6], []])];
    assert_eq!(found.unwrap(), expected);
    let arguments = Answer::Parts(Parts::new(false, &[0, 2]));
    let row = ("deal", one.programs.deal);
    let found = answers(one, row, function, arguments, &cases);
    assert_eq!(found.unwrap(), [json!([[3, 2], [9, 5]]), json!([[8], []])]);
}

pub(super) fn nodes_in_place(one: &Language) {
    let function = "insertNine(linked_list<int>) -> null";
    let row = ("insert nine", one.programs.insert_nine);
    let found = answers(
        one,
        row,
        function,
        Answer::Argument(0),
        &["[[1,2,3]]", "[[]]"],
    );
    assert!(found.is_none_or(|found| found == [json!([1, 9, 2, 3]), json!([])]));
    let function = "mirror(binary_tree<int>) -> null";
    let row = ("mirror", one.programs.mirror);
    let cases = ["[[4,2,7,1,null,6]]", "[[]]"];
    let found = answers(one, row, function, Answer::Argument(0), &cases);
    assert!(found.is_none_or(|found| found == [json!([4, 7, 2, null, 6, null, 1]), json!([])]));
}

const CYCLES: [&str; 5] = [
    r#"[{"values":[3,2,0,-4],"cycle":1}]"#,
    r#"[{"values":[1,2],"cycle":0}]"#,
    r#"[{"values":[1]}]"#,
    r#"[{"values":[]}]"#,
    r#"[{"values":[5,5,5],"cycle":2,"node":1}]"#,
];

pub(super) fn cycles(one: &Language) {
    let row = ("has cycle", one.programs.has_cycle);
    let function = "hasCycle(linked_nodes<int>) -> bool";
    let found = answers(one, row, function, Answer::Returned, &CYCLES);
    let expected = [true, true, false, false, true].map(Value::from);
    assert!(found.is_none_or(|found| found == expected));

    let row = ("detect cycle", one.programs.detect_cycle);
    let function = "detectCycle(linked_nodes<int>) -> linked_nodes<int>";
    let found = answers(one, row, function, Answer::Returned, &CYCLES);
    let expected = [
        json!({"values": [2, 0, -4], "cycle": 0}),
        json!({"values": [1, 2], "cycle": 0}),
        json!([]),
        json!([]),
        json!({"values": [5], "cycle": 0}),
    ];
    assert!(found.is_none_or(|found| found == expected));
}

pub(super) fn shared_nodes(one: &Language) {
    let row = ("meet", one.programs.meet);
    let function = "meet(linked_nodes<int>, linked_nodes<int>) -> linked_nodes<int>";
    let whole = r#"{"values":[4,1,8,4,5]}"#;
    let joins = |text: &str| format!("[{whole},{text}]");
    let cases = [
        joins(r#"{"values":[5,6,1],"node":1,"joins":{"argument":0,"node":2}}"#),
        joins(r#"{"values":[4,1,8]}"#),
        joins(r#"{"values":[]}"#),
        joins(r#"{"values":[9],"joins":{"argument":0,"node":4}}"#),
    ];
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let found = answers(one, row, function, Answer::Returned, &cases);
    let expected = [json!([8, 4, 5]), json!([]), json!([]), json!([5])];
    assert!(found.is_none_or(|found| found == expected));
}

/// The answer is read from the head, which was not passed.
pub(super) fn a_node_of_a_list(one: &Language) {
    let row = ("delete node", one.programs.delete_node);
    let function = "deleteNode(linked_nodes<int>) -> null";
    let cases = [
        r#"[{"values":[4,5,1,9],"node":1}]"#,
        r#"[{"values":[1,2]}]"#,
        r#"[{"values":[1,2,3],"cycle":0,"node":1}]"#,
    ];
    let found = answers(one, row, function, Answer::Argument(0), &cases);
    let expected = [
        json!([4, 1, 9]),
        json!([2]),
        json!({"values": [1, 3], "cycle": 0}),
    ];
    assert!(found.is_none_or(|found| found == expected));
}
