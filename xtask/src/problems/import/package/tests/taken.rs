//! What is made of a package.

use serde_json::json;

use super::super::super::super::check::check;
use super::*;

#[test]
fn an_older_package_becomes_a_problem() {
    let (_folder, path) = package(LEGACY, &[]);
    let (place, loaded) = imported(&path, false).unwrap();
    check(place.parent().unwrap()).unwrap();
    assert_eq!(
        value(&loaded),
        json!({
            "title": "Doubled",
            "kind": "program",
            "checker": { "kind": "tokens" },
            "limits": { "memoryBytes": 268_435_456, "outputBytes": 4_194_304, "timeMs": 2_000 },
            "statement": "\\problemname{Twice}\nPrint $2n$.\n",
            "cases": [
                { "name": "sample/1", "input": "1\n", "expected": "2\n" },
                { "name": "secret/10", "input": "5\n", "expected": "10\n", "hidden": true },
                { "name": "secret/10-large", "input": "500\n", "expected": "1000\n", "hidden": true },
                { "name": "secret/2-group/a", "input": "7\n", "expected": "14\n", "hidden": true },
            ],
        })
    );
    let files = loaded
        .solutions
        .iter()
        .map(|one| (one.file.as_str(), one.verdict.name()));
    assert_eq!(
        files.collect::<Vec<_>>(),
        [
            ("accepted-doubled.cc", "Accepted"),
            ("accepted-doubled.py", "Accepted"),
            ("accepted-one.java", "Accepted"),
            ("runtime-error-crash.py", "Runtime Error"),
            ("time-limit-slow-loop.py", "Time Limit Exceeded"),
            ("wrong-same.py", "Wrong Answer"),
        ]
    );
    let notes = read(&path).unwrap().notes.join("\n");
    for said in [
        "author",
        "\"cc by-sa\"",
        "validation_time",
        "limits.output is 8 MiB, and 4 MiB",
        "LaTeX of problem_statement/problem.en.tex",
        "problem_statement/problem.sv.tex",
        "1 .png",
        "submissions/accepted/two is not taken",
        "submissions/run_time_error/crash.xyz is not taken",
        "submissions/rejected is not taken",
        "submissions/accepted/old.py is not taken: it is Python 2",
        "submissions/accepted/empty.py is not taken: code must not be empty",
        "Not taken: submissions/submissions.yaml",
        "input_validators",
    ] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    assert!(!notes.contains("git"), "{notes}");
}

#[test]
fn a_newer_package_with_an_output_validator_becomes_a_problem() {
    let (_folder, path) = package(NEWER, &[]);
    let (place, loaded) = imported(&path, false).unwrap();
    check(place.parent().unwrap()).unwrap();
    let value = value(&loaded);
    assert_eq!(value["title"], "About");
    assert_eq!(value["limits"], json!({ "timeMs": 1_500 }));
    assert_eq!(value["statement"], "At most 10.\n\n\nEnd.\n");
    let code = "inline int ok(int) { return 42; }\nint main() { return ok(10); }\n";
    assert_eq!(
        value["checker"],
        json!({ "kind": "program", "exitCodes": "icpc", "language": "c++", "code": code })
    );
    assert_eq!(fs::read_to_string(place.join("checker.cc")).unwrap(), code);
    assert_eq!(loaded.solutions[0].code, "print(min(int(input()), 10))\n");
}

#[test]
fn the_title_is_found_where_the_older_form_has_it() {
    let statement = "problem_statement/problem.en.tex";
    for (yaml, tex, title) in [
        ("name: 2048", "", "2048"),
        ("", "\\problemname{Twice}", "Twice"),
        (
            "",
            "\\problemname{$2n$}\n%% plainproblemname: Two n",
            "Two n",
        ),
        ("", "no name", "package"),
    ] {
        let (_folder, path) = package(LEGACY, &[("problem.yaml", yaml), (statement, tex)]);
        assert_eq!(read(&path).unwrap().title, title);
    }
}

#[test]
fn arguments_of_the_output_validator_stand_in_every_place() {
    let checker = |files: &[(&str, &str)], changed: &[(&str, &str)]| {
        let (_folder, path) = package(files, changed);
        let imported = read(&path).unwrap();
        let checker = imported.members.iter().find(|(name, _)| *name == "checker");
        (checker.unwrap().1.clone(), imported.notes.join("\n"))
    };
    let float = json!({ "kind": "float", "absolute": 1e-6, "relative": 1e-6, "ignoreCase": true });
    let newer = with_arguments("output_validator_args: [float_tolerance, 1e-6]");
    let (given, notes) = checker(&newer, &[]);
    assert_eq!(given, float);
    assert!(notes.contains("sample/1 has \"\""), "{notes}");
    let draft = with_arguments("");
    let given = [(
        "data/testdata.yaml",
        "output_validator_flags: float_tolerance 1e-6",
    )];
    let (given, notes) = checker(&draft, &given);
    assert_eq!(given, float);
    assert!(!notes.contains("arguments"), "{notes}");
    let single = [(
        "data/secret/1.yaml",
        "output_validator_args: [float_tolerance, 1e-6]",
    )];
    assert_eq!(checker(&draft, &single).0, float);
    // After those of problem.yaml.
    let both = [(
        "data/testdata.yaml",
        "output_validator_flags: float_absolute_tolerance 1e-4",
    )];
    assert_eq!(
        checker(LEGACY, &both).0,
        json!({ "kind": "float", "absolute": 1e-4, "relative": 0.0 })
    );
    assert_eq!(
        checker(&draft, &[]).0,
        json!({ "kind": "tokens", "ignoreCase": true })
    );
}

#[test]
fn scores_are_left_out_and_every_case_is_judged() {
    let group = [
        (
            "problem.yaml",
            "name: S\ntype: scoring\nvalidation: default\n",
        ),
        (
            "data/secret/2-group/testdata.yaml",
            "range: 0 30\naccept_score: 30\n",
        ),
    ];
    let (_folder, path) = package(LEGACY, &group);
    let (_, loaded) = imported(&path, false).unwrap();
    assert_eq!(value(&loaded)["stopOnFirstFail"], false);
    let notes = read(&path).unwrap().notes.join("\n");
    assert!(notes.contains("every case has weight 1"), "{notes}");
    assert!(!notes.contains("no time limit"), "{notes}");
    fs::remove_file(path.join(".timelimit")).unwrap();
    let imported = read(&path).unwrap();
    let notes = imported.notes.join("\n");
    assert!(notes.contains("no time limit"), "{notes}");
    assert!(!imported.members.iter().any(|(name, _)| *name == "limits"));
}

#[test]
fn an_output_validator_may_be_written_in_several_ways() {
    let custom = ("problem.yaml", "name: C\nvalidation: custom\n");
    for (changed, name, code) in [
        (
            vec![("output_validators/check.py", "exit(42)")],
            "checker.py",
            "exit(42)",
        ),
        (
            vec![
                (
                    "output_validators/v/check.cpp",
                    "#include \"util.cpp\"\nint main() {}",
                ),
                ("output_validators/v/util.cpp", "int u;"),
                ("output_validators/v/README.md", "notes"),
            ],
            "checker.cpp",
            "int u;\nint main() {}\n",
        ),
    ] {
        let (_folder, path) = package(LEGACY, &[&[custom], &changed[..]].concat());
        let checker = read(&path).unwrap().checker.unwrap();
        assert_eq!((checker.name.as_str(), checker.code.as_str()), (name, code));
    }
    // Without `custom` the default one judges in the older form.
    let (_folder, path) = package(LEGACY, &[("output_validators/check.py", "exit(42)")]);
    let imported = read(&path).unwrap();
    assert_eq!(imported.checker, None);
    assert!(
        imported
            .notes
            .join("\n")
            .contains("the default output validator judges")
    );
    // A header that nobody has may be the compiler's.
    let header = [(
        "output_validator/validate.h",
        "#include \"math.h\"\nint ok(int);\n",
    )];
    let (_folder, path) = package(NEWER, &header);
    let notes = read(&path).unwrap().notes.join("\n");
    assert!(
        notes.contains("includes \"math.h\", which is not in the package"),
        "{notes}"
    );
}

/// Nobody's YAML makes it panic, or more than it is.
#[test]
fn metadata_is_read_or_refused() {
    use fuzz::{fuzz, mutated};

    let seeds = [
        LEGACY[0].1,
        NEWER[0].1,
        "name: {en: &a [1], sv: *a}\ntype: [x]\n",
    ];
    fuzz(&mutated(&seeds), |bytes| {
        let text = String::from_utf8_lossy(&bytes);
        let _ = metadata::Metadata::of(&text, &mut Vec::new());
        Ok(())
    });
}
