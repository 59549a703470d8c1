//! Ways of faking a pass from inside Java. Each prints REACHED once it has done its
//! worst.

use harness::Harness::Java;

use crate::forgery::none_passes;

#[test]
fn no_java_program_passes_without_the_answers() {
    let honest = r#"class Solution { long secret(int x) {
        String table = "TABLE"; int at = table.indexOf(x + ": "); return Long.parseLong(table.substring(at + 3).split("[,}]")[0]); } }"#;
    none_passes(Java, honest, &programs());
}

pub(crate) fn programs() -> Vec<(&'static str, String)> {
    let forger = |body: &str| {
        format!("class Solution {{ int calls; long secret(int x) throws Exception {{ System.err.println(\"REACHED\"); System.err.flush(); {body} return x; }}
        Object judge(String name) throws Exception {{ var field = Class.forName(\"judge_\").getDeclaredField(name); field.setAccessible(true); return field.get(null); }} }}")
    };
    let nonce = r#"String nonce = ((String[]) judge("lines"))[0];"#;
    vec![
            ("leaves", forger("System.exit(0);")),
            ("writes a second frame for every case", forger("for (int i = 0; i < 3; i++) judge_.frame(\"\" + i, \"=982451653\");")),
            ("writes frames to the real standard output and leaves", forger(&format!("{nonce} var out = new java.io.FileOutputStream(java.io.FileDescriptor.out); for (int i = 0; i < 9; i++) out.write((\"\\u001e\" + nonce + \" \" + i + \" =67867967\\n\").getBytes()); Runtime.getRuntime().halt(0);"))),
            ("closes standard output", forger("((java.io.OutputStream) judge(\"out\")).close();")),
            ("takes the place of System.out", forger("System.setOut(new java.io.PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out))); System.out.println(\"982451653\");")),
            ("changes the cases", forger("String[] lines = (String[]) judge(\"lines\"); for (int i = 2; i < lines.length; i++) lines[i] = lines[1];")),
            ("returns a number that is equal to all", "class Solution { Object secret(int x) { System.err.println(\"REACHED\"); return new Object() { public boolean equals(Object o) { return true; } public String toString() { return \"982451653\"; } }; } }".into()),
    ]
}
