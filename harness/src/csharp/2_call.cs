static class judge_ {
  const bool CLASS = __CLASS__;
  // What may have the function, and the class of a class problem.
  static readonly string[] OWNERS = {__OWNERS__};
  // A name, the types of the parameters and that of the result; of a class first the
  // constructor and then the methods.
  static readonly string[][] CALLS = {__CALLS__};
  // Whether what was returned is the answer or a part of it, and which arguments are.
  static bool Returned() { return __RETURNED__; }
  static int[] Changed() { return new int[] {__ARGUMENTS__}; }
  const System.Reflection.BindingFlags ANY = (System.Reflection.BindingFlags) 61;

  // What JSON cannot hold.
  class Odd : System.Exception {
    public Odd(string why) : base(why) { }
  }

  static System.IO.Stream output;
  static System.IO.TextWriter printed;
  static string[] lines;

  static int Main() {
    System.Globalization.CultureInfo.DefaultThreadCurrentCulture = System.Globalization.CultureInfo.InvariantCulture;
    var utf8 = new System.Text.UTF8Encoding(false);
    lines = new System.IO.StreamReader(System.Console.OpenStandardInput(), utf8).ReadToEnd().Split('\n');
    // The real standard output is kept here; what the user prints goes to standard error.
    // Standard input is at its end.
    output = System.Console.OpenStandardOutput();
    System.Console.SetIn(System.IO.TextReader.Null);
    printed = System.IO.TextWriter.Synchronized(new System.IO.StreamWriter(System.Console.OpenStandardError(), utf8));
    System.Console.SetOut(printed);
    System.Console.SetError(printed);
    System.AppDomain.CurrentDomain.ProcessExit += (from, how) => Flush();
    // A stack for deep recursion: address space, of which only what is used takes memory.
    System.Threading.Thread thread = null;
    for (int size = 64 << 20; thread == null; size /= 2) {
      try {
        thread = new System.Threading.Thread(Run, size);
        thread.Start();
      } catch (System.OutOfMemoryException) {
        thread = null;
      }
    }
    // What was printed is passed on, because a limit may end the program at any time.
    while (!thread.Join(50)) Flush();
    Flush();
    // Threads that the user left behind do not matter.
    System.Environment.Exit(code);
    return code;
  }

  // The user may have closed it; a thread that exit has stopped may hold it for ever.
  static void Flush() {
    if (!System.Threading.Monitor.TryEnter(printed, 200)) return;
    try {
      printed.Flush();
    } catch (System.Exception) {
    } finally {
      System.Threading.Monitor.Exit(printed);
    }
  }

  static int code = 1;

  static void Run() {
    try {
      Find();
      for (int i = 1; i < lines.Length; i++) {
        int space = lines[i].IndexOf(' ');
        if (space > 0) One(lines[i].Substring(0, space), lines[i].Substring(space + 1));
      }
      code = 0;
    } catch (Odd odd) {
      Frame("load", Trouble("missing", odd.Message, -1));
    } catch (System.Exception error) {
      Frame("load", Raised(error, -1));
    }
  }

  static void Frame(string index, string text) {
    byte[] all = System.Text.Encoding.UTF8.GetBytes("\x1e" + lines[0] + " " + index + " " + text + "\n");
    try {
      output.Write(all, 0, all.Length);
      output.Flush();
    } catch (System.Exception) {
      System.Environment.Exit(1);
    }
  }

  static System.Type found;
  static readonly System.Reflection.MethodBase[] targets = new System.Reflection.MethodBase[CALLS.Length];

  static void Find() {
    string what = null;
    foreach (string name in OWNERS) {
      System.Type owner = System.Array.Find(typeof(judge_).Assembly.GetTypes(), one => one.Name == name && one.DeclaringType == null);
      if (owner == null) continue;
      System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(owner.TypeHandle);
      what = null;
      found = owner;
      for (int i = 0; i < CALLS.Length && what == null; i++) {
        bool make = CLASS && i == 0;
        int count = CALLS[i].Length - 2;
        targets[i] = make ? Constructor(owner, count) : Method(owner, CALLS[i][0], count);
        if (targets[i] == null) what = Say(make ? "The constructor" : CLASS ? "The method `" + CALLS[i][0] + "`" : "The function `" + CALLS[i][0] + "`", make || Method(owner, CALLS[i][0], -1) != null ? count : -1, owner);
      }
      if (what == null) return;
    }
    throw new Odd(what ?? Say((CLASS ? "The class `" : "The function `") + CALLS[0][0] + "`", -1, null));
  }

  static string Say(string what, int count, System.Type owner) {
    if (count >= 0) what += " with " + count + (count == 1 ? " parameter" : " parameters");
    if (CLASS && owner != null) what += " of the class `" + owner.Name + "`";
    return what + " was not found in your code.";
  }

  static System.Reflection.MethodBase Constructor(System.Type owner, int count) {
    return System.Array.Find(owner.GetConstructors(ANY), one => !one.IsStatic && one.GetParameters().Length == count);
  }

  // Of several the public one, and first that with the name in the same letters.
  static System.Reflection.MethodBase Method(System.Type owner, string name, int count) {
    System.Reflection.MethodBase best = null;
    int most = 0;
    for (; owner != null && owner != typeof(object); owner = owner.BaseType) {
      foreach (var one in owner.GetMethods(ANY)) {
        if (one.DeclaringType == typeof(object) || !string.Equals(one.Name, name, System.StringComparison.OrdinalIgnoreCase) || count >= 0 && one.GetParameters().Length != count) continue;
        int rank = (char.IsUpper(one.Name[0]) ? 3 : 1) + (one.IsPublic ? 1 : 0);
        if (rank > most) {
          best = one;
          most = rank;
        }
      }
    }
    return best;
  }

  static object Invoke(System.Reflection.MethodBase target, object self, object[] arguments) {
    try {
      var make = target as System.Reflection.ConstructorInfo;
      return make != null ? make.Invoke(arguments) : target.Invoke(self, arguments);
    } catch (System.Reflection.TargetInvocationException error) {
      throw new Thrown { Inner = error.InnerException };
    }
  }

  // Carries what the user's code threw, with its own stack.
  class Thrown : System.Exception {
    public System.Exception Inner;
  }

  static object Create(System.Type owner) {
    var make = Constructor(owner, 0);
    if (make == null) throw new System.ArgumentException("The class Solution has no constructor without parameters.");
    return Invoke(make, null, new object[0]);
  }

  static void One(string index, string text) {
    int call = CLASS ? 0 : -1;
    string answer;
    try {
      answer = CLASS ? All(index, text, ref call) : Call(new In(text));
    } catch (Odd odd) {
      string said = Quote(odd.Message);
      answer = "?" + (call < 0 ? said : "{\"text\":" + said + ",\"call\":" + call + "}");
    } catch (System.Exception error) {
      answer = Raised(error, call);
    }
    Frame(index, answer);
  }

  static System.Type TypeOf(System.Reflection.ParameterInfo parameter) {
    var type = parameter.ParameterType;
    return type.IsByRef ? type.GetElementType() : type;
  }

  static string Call(In from) {
    var target = targets[0];
    string[] kinds = CALLS[0];
    var parameters = target.GetParameters();
    var arguments = new object[parameters.Length];
    from.Need('[');
    for (int i = 0; i < arguments.Length; i++) {
      if (i > 0) from.Need(',');
      from.lists.Add(null);
      arguments[i] = from.Get(TypeOf(parameters[i]), kinds[i + 1]);
    }
    int[] changed = Changed();
    var kept = new object[changed.Length];
    for (int i = 0; i < kept.Length; i++) {
      int at = changed[i];
      kept[i] = kinds[at + 1][0] != 'c' ? arguments[at] : from.lists[at].Count == 0 ? null : from.lists[at][0];
    }
    object value = Invoke(target, target.IsStatic ? null : Create(found), arguments);
    var show = new Show();
    bool several = kept.Length > 1 || Returned() && kept.Length > 0;
    show.text.Append(several ? "=[" : "=");
    if (Returned()) show.Put(value, kinds[kinds.Length - 1], 0);
    for (int i = 0; i < kept.Length; i++) {
      int at = changed[i];
      if (i > 0 || Returned()) show.text.Append(',');
      show.Put(parameters[at].ParameterType.IsByRef ? arguments[at] : kept[i], kinds[at + 1], 1);
    }
    if (several) show.text.Append(']');
    return show.text.ToString();
  }

  // A case of a class: calls, each an array of the object, the method, references to
  // earlier answers, and the arguments.
  static string All(string index, string text, ref int call) {
    var objects = new System.Collections.Generic.Dictionary<long, object>();
    var answers = new System.Collections.Generic.List<string>();
    bool only = lines.Length == 2 || lines.Length == 3 && lines[2] == "";
    bool tell = only && ((System.Collections.Generic.List<object>) new In(text).Get(typeof(object), "a")).Count <= 1000;
    var from = new In(text);
    from.Need('[');
    for (; call == 0 || from.Take(','); call++) {
      if (tell) Frame(index, ">" + call);
      from.Need('[');
      long self = from.Int();
      from.Need(',');
      int method = (int) from.Int() + 1;
      from.Need(',');
      var refs = (System.Collections.Generic.List<object>) from.Get(typeof(object), "a");
      string[] kinds = CALLS[method];
      var parameters = targets[method].GetParameters();
      var arguments = new object[parameters.Length];
      var lists = new System.Collections.Generic.List<System.Collections.Generic.List<object>>();
      for (int i = 0; i < arguments.Length; i++) {
        from.Need(',');
        long at = refs.Count == 0 ? -1 : (long) refs[i];
        if (at >= 0) from.Get(typeof(object), "a");
        In one = at < 0 ? from : new In(answers[(int) at]);
        one.lists = lists;
        lists.Add(null);
        arguments[i] = one.Get(TypeOf(parameters[i]), kinds[i + 1]);
      }
      from.Need(']');
      object known;
      objects.TryGetValue(self, out known);
      object value = Invoke(targets[method], known, arguments);
      var show = new Show();
      string returns = kinds[kinds.Length - 1];
      if (method == 0) objects[self] = value;
      if (method == 0 || returns == "n") show.text.Append("null");
      else show.Put(value, returns, 0);
      answers.Add(show.text.ToString());
    }
    return "=[" + string.Join(",", answers) + "]";
  }

  static string Trouble(string kind, string text, int call) {
    return "!{\"kind\":\"" + kind + "\",\"text\":" + Quote(text) + (call < 0 ? "" : ",\"call\":" + call) + "}";
  }

  // What was thrown, without the frames of the harness.
  static string Raised(System.Exception error, int call) {
    var thrown = error as Thrown;
    if (thrown != null) error = thrown.Inner;
    if (error is System.TypeInitializationException && error.InnerException != null) error = error.InnerException;
    string text = error.GetType().FullName;
    try {
      text = Cut(text + ": " + error.Message, 1000);
      int shown = 0;
      foreach (var frame in new System.Diagnostics.StackTrace(error, true).GetFrames() ?? new System.Diagnostics.StackFrame[0]) {
        var method = frame.GetMethod();
        var owner = method == null ? null : method.DeclaringType;
        if (owner == null || owner.Assembly != typeof(judge_).Assembly) continue;
        if (owner.FullName.StartsWith("judge_") || ++shown > 8) break;
        string file = frame.GetFileName();
        text += "\n    at " + owner.FullName + "." + method.Name;
        if (file != null && frame.GetFileLineNumber() > 0) text += " (" + System.IO.Path.GetFileName(file) + ":" + frame.GetFileLineNumber() + ")";
      }
    } catch (System.Exception) {
    }
    return Trouble(error is System.OutOfMemoryException ? "memory" : "error", Cut(text, 1800), call);
  }

  // At most this many bytes of UTF-8, and no half of a character.
  static string Cut(string text, int most) {
    int end = 0;
    for (int bytes = 0; end < text.Length; end++) {
      char c = text[end];
      bytes += c < 128 ? 1 : c < 2048 || char.IsSurrogate(c) ? 2 : 3;
      if (bytes > most) break;
    }
    if (end > 0 && end < text.Length && char.IsHighSurrogate(text[end - 1])) end--;
    return text.Substring(0, end);
  }

  static System.Reflection.FieldInfo Field(System.Type owner, string name) {
    return owner.GetField(name, ANY);
  }

