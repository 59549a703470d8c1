//! Ways of faking a pass from inside C#. Each prints REACHED once it has done its worst.

use harness::Harness::CSharp;

use crate::forgery::none_passes;

#[test]
fn no_csharp_program_passes_without_the_answers() {
    let honest = "class Solution { long Secret(int x) { string table = \"TABLE\"; int at = table.IndexOf(x + \": \"); return long.Parse(table.Substring(at + 3).Split(',', '}')[0]); } }";
    none_passes(CSharp, honest, &programs());
}

pub(crate) fn programs() -> Vec<(&'static str, String)> {
    let forger = |body: &str| {
        format!(
            "class Solution {{ long Secret(int x) {{ Console.WriteLine(\"REACHED\"); {body} return x; }}
            object Judge(string name) {{ return Type.GetType(\"judge_\").GetField(name, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static).GetValue(null); }} }}"
        )
    };
    let nonce = "string nonce = ((string[]) Judge(\"lines\"))[0];";
    vec![
            ("leaves", forger("Environment.Exit(0);")),
            (
                "writes frames to the real standard output and leaves",
                forger(&format!(
                    "{nonce} var real = (System.IO.Stream) Judge(\"output\"); for (int i = 0; i < 9; i++) {{ var all = Encoding.UTF8.GetBytes(\"\\u001e\" + nonce + \" \" + i + \" =67867967\\n\"); real.Write(all, 0, all.Length); }} real.Flush(); Environment.Exit(0);"
                )),
            ),
            (
                "closes standard output",
                forger("((System.IO.Stream) Judge(\"output\")).Close();"),
            ),
            (
                "takes the place of the console",
                forger("Console.SetOut(new System.IO.StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true }); Console.WriteLine(\"982451653\");"),
            ),
            (
                "changes the cases",
                forger("var lines = (string[]) Judge(\"lines\"); for (int i = 2; i < lines.Length; i++) lines[i] = lines[1];"),
            ),
            (
                "returns a number that is equal to all",
                "class Any { public override bool Equals(object o) { return true; } public override int GetHashCode() { return 0; } public override string ToString() { return \"982451653\"; } }\nclass Solution { object Secret(int x) { Console.Error.WriteLine(\"REACHED\"); return new Any(); } }".into(),
            ),
    ]
}
