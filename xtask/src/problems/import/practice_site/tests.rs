//! The shapes of practice sites, and what becomes of them.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::super::check::check;
use super::super::super::folder::read as read_ours;
use super::super::{Import, import};
use super::*;

fn two_sum() -> Value {
    json!({
        "title": "Two Sum",
        "titleSlug": "two-sum",
        "content": "<p>Find them.</p>",
        "difficulty": "Easy",
        "metaData": {
            "name": "twoSum",
            "params": [
                { "name": "nums", "type": "integer[]" },
                { "name": "target", "type": "integer" },
            ],
            "return": { "type": "integer[]", "size": 2 },
            "manual": false,
        },
        "cases": ["[2,7,11,15]\n9", ["[3,2,4]", "6"], [[3, 3], 6], "[1, 2]\n3\n"],
        "expected": ["[0,1]", [1, 2], "[0, 1]", "[0,1]"],
    })
}

fn cache() -> Value {
    let metadata = json!({
        "classname": "LRUCache",
        "constructor": { "params": [{ "type": "integer", "name": "capacity" }] },
        "methods": [
            { "name": "get", "params": [{ "type": "integer", "name": "key" }], "return": { "type": "integer" } },
            {
                "name": "put",
                "params": [{ "type": "integer", "name": "key" }, { "type": "integer", "name": "value" }],
                "return": { "type": "void" },
            },
            { "name": "size", "return": { "type": "integer" } },
        ],
        "return": { "type": "boolean" },
        "systemdesign": true,
    });
    json!({
        "questionTitle": "LRU Cache",
        "titleSlug": "lru-cache",
        // As the API has it: a text.
        "metaData": metadata.to_string(),
        "testcases": [
            "[\"LRUCache\",\"put\",\"get\", \"size\"]\n[[2],[1, 1],[1],[]]",
            [["LRUCache", "get"], [[1], [7]]],
        ],
        "expected": ["[null,null,1,1]", [null, -1]],
    })
}

/// With this in the place of what `pointer` says.
fn with(mut problem: Value, pointer: &str, value: Value) -> Value {
    if let Some(place) = problem.pointer_mut(pointer) {
        *place = value;
        return problem;
    }
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    problem.pointer_mut(parent).unwrap()[name] = value;
    problem
}

/// A problem of one function with one case.
fn function(params: &[&str], returns: &str, case: &str, expected: Value) -> Value {
    let param = |(index, ty): (usize, &&str)| json!({ "name": format!("p{index}"), "type": ty });
    let params: Vec<Value> = params.iter().enumerate().map(param).collect();
    json!({
        "title": "T",
        "metaData": { "name": "f", "params": params, "return": { "type": returns } },
        "cases": [case],
        "expected": [expected],
    })
}

fn imported(problem: &Value) -> Result<Value> {
    let folder = TempDir::new()?;
    let path = folder.path().join("file.json");
    fs::write(&path, problem.to_string())?;
    let ours = folder.path().join("ours");
    import(&Import {
        path,
        folder: ours.clone(),
        id: None,
        replace: false,
    })?;
    check(&ours)?;
    let place: Vec<PathBuf> = fs::read_dir(&ours)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    let loaded = read_ours(&place[0])?;
    let mut value: Value = serde_json::from_str(loaded.json.as_str())?;
    value["id"] = json!(loaded.id);
    Ok(value)
}

#[test]
fn a_function_becomes_a_problem() {
    let ours = imported(&two_sum()).unwrap();
    assert_eq!(
        ours,
        json!({
            "id": "two-sum",
            "title": "Two Sum",
            "kind": "function",
            "signature": {
                "name": "twoSum",
                "params": [{ "name": "nums", "type": "list<int>" }, { "name": "target", "type": "int" }],
                "returns": "list<int>",
            },
            "statement": "<p>Find them.</p>",
            "cases": [
                { "input": [[2, 7, 11, 15], 9], "expected": [0, 1] },
                { "input": [[3, 2, 4], 6], "expected": [1, 2] },
                { "input": [[3, 3], 6], "expected": [0, 1] },
                { "input": [[1, 2], 3], "expected": [0, 1], "hidden": true },
            ],
        })
    );
    let notes = of(two_sum().to_string().as_bytes(), "x")
        .unwrap()
        .notes
        .join("\n");
    for said in [
        "the others are hidden",
        "HTML",
        "Not taken: difficulty.",
        "set checker",
    ] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    let answer = json!({ "data": { "question": two_sum() } });
    assert_eq!(imported(&answer).unwrap(), ours);
}

#[test]
fn a_function_that_changes_an_argument_becomes_a_problem() {
    let mut rotate = function(
        &["integer[]", "integer"],
        "void",
        "[1,2,3]\n1",
        json!("[3,1,2]"),
    );
    rotate["metaData"]["output"] = json!({ "paramindex": 0 });
    let ours = imported(&rotate).unwrap();
    assert_eq!(ours["id"], "file");
    assert_eq!(ours["answer"], json!({ "argument": 0 }));
    assert_eq!(ours["signature"]["returns"], "null");
    assert_eq!(
        ours["cases"],
        json!([{ "input": [[1, 2, 3], 1], "expected": [3, 1, 2] }])
    );
    let mut remove = function(&["integer[]"], "integer", "[1,1,2]", json!("[1,2]"));
    remove["metaData"]["output"] = json!({ "paramindex": 0, "size": "ret" });
    let ours = imported(&remove).unwrap();
    assert_eq!(
        ours["answer"],
        json!({ "argument": 0, "length": "returned" })
    );
    assert_eq!(ours["cases"][0]["expected"], json!([1, 2]));
}

#[test]
fn a_class_becomes_a_problem() {
    let ours = imported(&cache()).unwrap();
    assert_eq!(
        (&ours["id"], &ours["title"]),
        (&json!("lru-cache"), &json!("LRU Cache"))
    );
    assert_eq!(
        ours["signature"],
        json!({
            "name": "LRUCache",
            "params": [{ "name": "capacity", "type": "int" }],
            "methods": [
                { "name": "get", "params": [{ "name": "key", "type": "int" }], "returns": "int" },
                {
                    "name": "put",
                    "params": [{ "name": "key", "type": "int" }, { "name": "value", "type": "int" }],
                    "returns": "null",
                },
                { "name": "size", "params": [], "returns": "int" },
            ],
        })
    );
    assert_eq!(
        ours["cases"],
        json!([
            {
                "input": [["LRUCache", 2], ["put", 1, 1], ["get", 1], ["size"]],
                "expected": [null, null, 1, 1],
            },
            { "input": [["LRUCache", 1], ["get", 7]], "expected": [null, -1] },
        ])
    );
}

#[test]
fn values_are_read_by_their_types() {
    for (params, returns, case, expected, ours) in [
        (
            &["string", "character"][..],
            "string",
            "\"a\\nb\"\n\"x\"",
            json!("\"ab\""),
            json!([["a\nb", "x"], "ab"]),
        ),
        // An answer that is not written as JSON is text.
        (
            &["string"],
            "string",
            "\"1\"",
            json!("12"),
            json!([["1"], "12"]),
        ),
        (
            &["string"],
            "string",
            "\"1\"",
            json!(""),
            json!([["1"], ""]),
        ),
        (
            &["string[]"],
            "boolean",
            "[\"a\",\"b\"]",
            json!("true"),
            json!([[["a", "b"]], true]),
        ),
        (
            &["list<list<string>>"],
            "list<string>",
            "[[\"a\"]]",
            json!(["a"]),
            json!([[[["a"]]], ["a"]]),
        ),
        (
            &["ListNode", "TreeNode"],
            "ListNode",
            "[1,2]\n[1,null,2]",
            json!("[]"),
            json!([[[1, 2], [1, null, 2]], []]),
        ),
        (
            &["long"],
            "integer[][]",
            "9007199254740993",
            json!("[[1],[2]]"),
            json!([[9_007_199_254_740_993_i64], [[1], [2]]]),
        ),
        (&[], "integer", "", json!("7"), json!([[], 7])),
    ] {
        let problem = function(params, returns, case, expected);
        let case = imported(&problem).unwrap()["cases"][0].take();
        assert_eq!(json!([case["input"], case["expected"]]), ours);
    }
    let floats = function(&["double"], "double[]", "2.00000", json!("[0.50000]"));
    let imported = of(floats.to_string().as_bytes(), "x").unwrap();
    assert_eq!(
        (
            imported.cases[0].input.as_str(),
            imported.cases[0].expected.as_str()
        ),
        ("[2.00000]", "[0.50000]")
    );
    let checker = json!({ "kind": "float", "absolute": 1e-5, "relative": 0.0 });
    assert!(
        imported.members.contains(&("checker", checker)),
        "{:?}",
        imported.members
    );
}

#[test]
fn what_cannot_be_taken_is_refused_with_its_place() {
    let metadata = |value: Value| with(two_sum(), "/metaData", value);
    let many: Vec<&str> = vec!["[1]\n1"; 1_001];
    let answers: Vec<&str> = vec!["[1]"; 1_001];
    let many = with(
        with(two_sum(), "/cases", json!(many)),
        "/expected",
        json!(answers),
    );
    for (problem, said) in [
        (json!([]), "must be a JSON object"),
        (json!({ "title": "x" }), "metaData is required"),
        (metadata(json!("{")), "metaData is not valid JSON"),
        (metadata(json!([])), "metaData must be a JSON object"),
        (
            metadata(json!({ "name": "f", "manual": true })),
            "metaData.manual is true",
        ),
        (metadata(json!({ "name": 1 })), "metaData.name is required"),
        (metadata(json!({ "name": "f" })), "f returns nothing"),
        (
            metadata(json!({ "name": "f", "params": {} })),
            "metaData.params must be a list",
        ),
        (
            with(
                two_sum(),
                "/metaData/params",
                json!([{ "name": "a", "type": "Node" }]),
            ),
            "metaData.params[0].type is \"Node\", which is no type here",
        ),
        (
            with(two_sum(), "/metaData/output", json!({ "paramindex": 2 })),
            "metaData.output.paramindex must be",
        ),
        (
            with(
                two_sum(),
                "/metaData/output",
                json!({ "paramindex": 0, "size": 3 }),
            ),
            "metaData.output.size",
        ),
        (
            metadata(json!({ "classname": "A" })),
            "metaData.methods must be a list",
        ),
        (with(two_sum(), "/title", json!(null)), "title is required"),
        (with(two_sum(), "/cases", json!(null)), "cases is required"),
        (
            with(two_sum(), "/cases", json!("[1]\n1")),
            "cases must be a list",
        ),
        (
            with(two_sum(), "/expected", json!(null)),
            "expected is required",
        ),
        (
            with(two_sum(), "/expected", json!([1])),
            "cases has 4 cases, and expected has 1 answers",
        ),
        (
            with(two_sum(), "/cases/1", json!("[1]")),
            "cases[1] has 1 lines, and there must be one for each of the 2 arguments (nums, target)",
        ),
        (
            with(two_sum(), "/cases/1", json!(1)),
            "cases[1] must be a text of lines",
        ),
        (
            with(two_sum(), "/cases/1", json!("[1]\nx")),
            "cases[1], line 1 is not valid JSON",
        ),
        (
            with(two_sum(), "/cases/1", json!("[1]\n1.5")),
            "cases[1], line 1 must be a whole number",
        ),
        (
            with(two_sum(), "/expected/2", json!("[\"a\"]")),
            "expected[2][0] must be a whole number",
        ),
        (many, "cases has 1001 cases, and a problem may have 1000"),
        (
            with(cache(), "/testcases/0", json!("[\"LRUCache\"]")),
            "testcases[0] must have two lines",
        ),
        (
            with(cache(), "/testcases/1", json!([["LRUCache"], []])),
            "has 1 names and 0 lists",
        ),
        (
            with(cache(), "/testcases/1", json!([["LRUCache"], [1]])),
            "must be a list of lists",
        ),
        (
            with(cache(), "/testcases/1", json!("[\"LRUCache\"\n[[1]]")),
            "testcases[1] is not valid JSON",
        ),
        (
            with(cache(), "/testcases/1", json!([["get", "get"], [[1], [1]]])),
            "the first call makes an object",
        ),
        (
            with(cache(), "/expected/1", json!("null")),
            "expected[1] must be a list",
        ),
        (with(two_sum(), "/titleSlug", json!("two sum")), "--id"),
        (
            with(two_sum(), "/metaData/name", json!("main")),
            "signature.name must not be main",
        ),
    ] {
        let error = format!("{:#}", imported(&problem).unwrap_err());
        assert!(error.contains(said), "{said}: {error}");
    }
}

/// Whatever a file says, it is read or refused; and what is read can be put into our
/// form.
#[test]
fn files_are_read_or_refused() {
    use fuzz::{fuzz, mutated};

    let seeds = [two_sum().to_string(), cache().to_string()];
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    fuzz(&mutated(&seeds), |bytes| {
        if let Ok(imported) = of(&bytes, "x") {
            let text = imported.files().problem;
            let read = Json::parse(text.as_bytes());
            assert!(read.is_ok(), "{text}");
        }
        Ok(())
    });
}
