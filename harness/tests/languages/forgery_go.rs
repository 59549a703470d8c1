//! Ways of faking a pass from inside Go. Each prints REACHED once it has done its
//! worst.

use harness::Harness::Go;

use crate::forgery::none_passes;

#[test]
fn no_go_program_passes_without_the_answers() {
    let honest = r#"func secret(x int) int {
        table := "TABLE"; at := strings.Index(table, strconv.Itoa(x) + ": ")
        n, _ := strconv.Atoi(strings.FieldsFunc(table[at+3:], func(c rune) bool { return c == ',' || c == '}' })[0]); return n }"#;
    none_passes(Go, honest, &programs());
}

pub(crate) fn programs() -> Vec<(&'static str, String)> {
    let forger = |body: &str| {
        format!("func secret(x int) any {{ fmt.Println(\"REACHED\"); {body}\nreturn x }}")
    };
    let early = "func init() { fmt.Fprint(os.Stderr, \"REACHED\"); for i := range make([]int, 9) { judge_frame(fmt.Sprint(i), \"=982451653\") }; os.Exit(0) }\nfunc secret(x int) int { return x }";
    vec![
        ("leaves", forger("os.Exit(0)")),
        (
            "writes a second frame for every case",
            forger("for i := 0; i < 3; i++ { judge_frame(fmt.Sprint(i), \"=982451653\") }"),
        ),
        (
            "writes frames to the real standard output and leaves",
            forger(
                "for i := 0; i < 9; i++ { os.NewFile(uintptr(judge_out), \"\").WriteString(fmt.Sprintf(\"\\x1e%s %d =67867967\\n\", judge_lines[0], i)) }; os.Exit(0)",
            ),
        ),
        ("writes frames before it is asked", early.into()),
        (
            "closes standard output",
            forger("os.NewFile(uintptr(judge_out), \"\").Close()"),
        ),
        (
            "prints the answer",
            forger("os.Stdout = os.NewFile(1, \"\"); fmt.Println(\"982451653\")"),
        ),
        (
            "changes the cases",
            forger("for i := 2; i < len(judge_lines); i++ { judge_lines[i] = judge_lines[1] }"),
        ),
    ]
}
