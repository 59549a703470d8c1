//! Where files are read, and where they are written.

use super::*;

#[cfg(unix)]
#[test]
fn links_may_not_lead_out_of_the_package() {
    use std::os::unix::fs::symlink;

    let (folder, path) = package(LEGACY, &[]);
    symlink("10.in", path.join("data/secret/11.in")).unwrap();
    symlink("../sample/1.ans", path.join("data/secret/11.ans")).unwrap();
    let cases = read(&path).unwrap().cases;
    let eleven = cases
        .iter()
        .find(|case| case.name.as_deref() == Some("secret/11"));
    let eleven = eleven.unwrap();
    assert_eq!(
        (eleven.input.as_str(), eleven.expected.as_str()),
        ("\"5\\n\"", "\"2\\n\"")
    );
    let outside = folder.path().join("outside");
    write(&outside, &[("x.in", "1\n"), ("a.py", "x")]);
    for (link, target) in [
        ("data/secret/12.in", outside.join("x.in")),
        ("data/secret/12.ans", PathBuf::from("../../../outside/x.in")),
        ("data/secret/more", outside.clone()),
        ("submissions/accepted/a.py", outside.join("a.py")),
        ("problem_statement/problem.md", outside.join("x.in")),
        ("output_validators", outside.clone()),
    ] {
        let link = path.join(link);
        symlink(target, &link).unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.contains("leads out of the package"), "{error}");
        fs::remove_file(link).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn links_within_the_package_cannot_make_it_endless() {
    use std::os::unix::fs::symlink;

    let (_folder, path) = package(LEGACY, &[]);
    let secret = path.join("data/secret");
    let circle = secret.join("circle");
    symlink(".", &circle).unwrap();
    let error = format!("{:#}", read(&path).unwrap_err());
    assert!(error.contains("nested deeper than 16"), "{error}");
    fs::remove_file(circle).unwrap();
    // Each folder holds the next one twice.
    for level in 0..12 {
        let folder = secret.join(format!("level{level}"));
        fs::create_dir(&folder).unwrap();
        for name in ["a", "b"] {
            symlink(format!("../level{}", level + 1), folder.join(name)).unwrap();
        }
    }
    fs::create_dir(secret.join("level12")).unwrap();
    let error = format!("{:#}", read(&path).unwrap_err());
    assert!(error.contains("more than 2000 groups"), "{error}");
}

#[test]
fn a_problem_that_is_there_is_replaced_only_if_that_is_asked() {
    let (_folder, path) = package(LEGACY, &[]);
    let (place, first) = imported(&path, false).unwrap();
    write(&place, &[("solutions/accepted-own.py", "print()")]);
    let error = imported(&path, false).unwrap_err().to_string();
    assert!(error.contains("--replace"), "{error}");
    assert!(place.join("solutions/accepted-own.py").exists());
    let (_, again) = imported(&path, true).unwrap();
    assert_eq!(again, first);
    let folder = place.parent().unwrap();
    let left: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    // What is no problem stays.
    fs::remove_file(place.join("problem.json")).unwrap();
    let error = imported(&path, true).unwrap_err().to_string();
    assert!(error.contains("is no problem"), "{error}");
    fs::remove_dir_all(&place).unwrap();
    write(folder, &[("package.json", "{}")]);
    let error = imported(&path, true).unwrap_err().to_string();
    assert!(error.contains("package.json"), "{error}");
}
