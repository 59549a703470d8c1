//! What is no package, or cannot be judged here.

use super::*;

#[test]
fn what_cannot_be_judged_here_is_refused_and_nothing_is_written() {
    let long = "x".repeat(70_000);
    let bomb: String = (1..20).fold("a: &a0 [x, x, x, x]\n".into(), |all, one| {
        let before = format!("*a{}", one - 1);
        format!("{all}b{one}: &a{one} [{before}, {before}, {before}, {before}]\n")
    });
    let half = "1".repeat(3 * 1024 * 1024);
    let args = with_arguments("args: [\"-v\"]");
    let other = with_arguments("output_validator_args: [case_insensitive]");
    // Samples differ too, which alone would be no reason.
    let mixed = with_arguments("output_validator_args: [case_sensitive]");
    let far = with_arguments("output_validator_args: [float_relative_tolerance, '2']");
    let custom = ("problem.yaml", "name: C\nvalidation: custom\n");
    let refused: &[(Files<'_>, Files<'_>, &str)] = &[
        (
            LEGACY,
            &[("problem.yaml", "validation: custom interactive")],
            "the problem is interactive",
        ),
        (
            NEWER,
            &[("problem.yaml", "name: x\ntype: interactive")],
            "the problem is interactive",
        ),
        (
            NEWER,
            &[("problem.yaml", "name: x\ntype: [pass-fail, multi-pass]")],
            "the problem is multi-pass",
        ),
        (
            NEWER,
            &[("problem.yaml", "name: x\ntype: scoring submit-answer")],
            "the problem is submit-answer",
        ),
        (
            LEGACY,
            &[("problem.yaml", "validation: strict")],
            "must be default or custom",
        ),
        (
            LEGACY,
            &[("problem.yaml", "name: [1]")],
            "name must be text",
        ),
        (
            LEGACY,
            &[("problem.yaml", "name: {en: {}}")],
            "name.en must be text",
        ),
        (
            LEGACY,
            &[("problem.yaml", "- a\n- b")],
            "problem.yaml must be a map",
        ),
        (
            LEGACY,
            &[("problem.yaml", "name: \"x")],
            "problem.yaml is not valid YAML",
        ),
        (
            LEGACY,
            &[("problem.yaml", &bomb)],
            "problem.yaml is not valid YAML",
        ),
        (
            LEGACY,
            &[("problem.yaml", "limits: {memory: lots}")],
            "limits.memory must be",
        ),
        (
            LEGACY,
            &[("problem.yaml", "limits: {time_limit: 0}")],
            "limits.time_limit must be",
        ),
        (
            LEGACY,
            &[("problem.yaml", "limits: {time_limit: 500}")],
            "limits.timeMs must be",
        ),
        (LEGACY, &[(".timelimit", "soon")], ".timelimit must be"),
        (LEGACY, &[custom], "there is no output_validators"),
        (
            LEGACY,
            &[("data/secret/9.in", "1\n")],
            "9.in has no 9.ans beside it",
        ),
        (
            LEGACY,
            &[("data/secret/10.files/a.txt", "x")],
            "10.files has files",
        ),
        (
            LEGACY,
            &[("include/cpp/main.cc", "x")],
            "compiled with every submission",
        ),
        (
            LEGACY,
            &[("problem_statement/problem.en.tex", &long)],
            "more than 65536 bytes",
        ),
        (
            LEGACY,
            &[("data/secret/10.in", &half), ("data/secret/10.ans", &half)],
            "a problem may have 4194304. The largest are data/secret/10 with 6291456",
        ),
        (&args, &[], "gives programs arguments"),
        (&other, &[], "no argument \"case_insensitive\""),
        (
            &mixed,
            &[
                ("data/secret/2.in", "1\n"),
                ("data/secret/2.ans", "1\n"),
                ("data/secret/2.yaml", "output_validator_args: []"),
            ],
            "here one checker judges all cases",
        ),
        (&far, &[], "checker.relative must be"),
        (
            LEGACY,
            &[(
                "data/secret/2-group/testdata.yaml",
                "output_validator_flags: case_sensitive",
            )],
            "here one checker judges all cases",
        ),
        (
            NEWER,
            &[(
                "data/secret/test_group.yaml",
                "output_validator_args: [fast]",
            )],
            "gets the arguments \"fast\"",
        ),
        (
            NEWER,
            &[("output_validator/run", "#!/bin/sh\n")],
            "is built or run by a script",
        ),
        (
            NEWER,
            &[("output_validator/other.cc", "int f() { return 1; }")],
            "has several source files (other.cc, validate.cc)",
        ),
        (
            NEWER,
            &[("output_validator/two/a.py", "exit(42)")],
            "more than one output validator",
        ),
        (NEWER, &[("output_validators/a.py", "exit(42)")], "keep one"),
        (
            NEWER,
            &[("output_validator/validate.h", "#include \"testlib.h\"\n")],
            "includes \"testlib.h\"",
        ),
        (
            LEGACY,
            &[custom, ("output_validators/v/notes.md", "x")],
            "no file in a language",
        ),
    ];
    for (files, changed, said) in refused {
        let (_folder, path) = package(files, changed);
        let error = format!("{:#}", imported(&path, false).unwrap_err());
        assert!(error.contains(said), "{said}: {error:.500}");
        assert!(!path.with_file_name("ours").exists(), "{said}");
    }
}

#[test]
fn there_is_a_limit_to_the_number_of_cases() {
    let many = |count: usize| -> Vec<(String, &str)> {
        let names = (0..count).map(|one| format!("data/secret/{one:04}"));
        names
            .flat_map(|name| {
                [
                    (format!("{name}.in"), "1\n"),
                    (format!("{name}.ans"), "1\n"),
                ]
            })
            .collect()
    };
    for (files, count, said) in [
        (LEGACY, 996, None),
        (
            LEGACY,
            997,
            Some("the package has 1001 cases, and a problem may have 1000"),
        ),
        // "1" is there already.
        (NEWER, 198, None),
        (NEWER, 199, Some("there may be 200 at most, not 201")),
    ] {
        let (_folder, path) = package(files, &[]);
        let cases = many(count);
        let cases: Vec<(&str, &str)> = cases
            .iter()
            .map(|(name, text)| (name.as_str(), *text))
            .collect();
        write(&path, &cases);
        let error = imported(&path, false)
            .err()
            .map(|error| format!("{error:#}"));
        match said {
            None => assert_eq!(error, None),
            Some(said) => assert!(
                error.as_ref().is_some_and(|error| error.contains(said)),
                "{error:?}"
            ),
        }
    }
}

#[test]
fn a_path_that_is_no_package_is_named() {
    let (folder, path) = package(LEGACY, &[]);
    write(folder.path(), &[("a.zip", "PK"), ("empty/x", "")]);
    let of = |path: PathBuf, id: Option<&str>| {
        let options = Import {
            path,
            folder: folder.path().join("ours"),
            id: id.map(str::to_owned),
            replace: false,
        };
        format!("{:#}", import(&options).unwrap_err())
    };
    for (name, said) in [
        ("a.zip", "is an archive: unpack it"),
        ("empty", "has no problem.yaml"),
        ("nothing", "cannot read"),
    ] {
        let error = of(folder.path().join(name), None);
        assert!(error.contains(said), "{error}");
    }
    for id in ["", "a/b", "..", "a b"] {
        let error = of(path.clone(), Some(id));
        assert!(error.contains("--id"), "{error}");
    }
}
