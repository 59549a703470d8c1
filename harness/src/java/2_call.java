__NODES__
class judge_ extends Thread {
static final boolean CLASS = __CLASS__;
// What may have the function, and the class of a class problem.
static final String[] OWNERS = {__OWNERS__};
// A name, the types of the parameters and that of the result; of a class first the
// constructor and then the methods.
static final String[][] CALLS = {__CALLS__};
// Whether what was returned is the answer or a part of it, and which arguments are.
static final boolean RETURNED = __RETURNED__;
static int[] changed() { return new int[] {__ARGUMENTS__}; }

// What JSON cannot hold.
static class Odd extends RuntimeException {
  Odd(String why) { super(why, null, false, false); }
}

static java.io.OutputStream out;
static java.io.PrintStream printed;
static String[] lines;

static void begin() throws Throwable {
  byte[] all = System.in.readAllBytes();
  lines = new String(all, "UTF-8").split("\n");
  // The real standard output is kept here; what the user prints goes to standard error.
  // Standard input is at its end.
  out = new java.io.FileOutputStream(java.io.FileDescriptor.out);
  System.setIn(new java.io.ByteArrayInputStream(new byte[0]));
  printed = new java.io.PrintStream(new java.io.BufferedOutputStream(new java.io.FileOutputStream(java.io.FileDescriptor.err)), false, "UTF-8");
  System.setOut(printed);
  System.setErr(printed);
  Runtime.getRuntime().addShutdownHook(new judge_(null, 0) {
    public void run() { printed.flush(); }
  });
  // A stack for deep recursion, on which an endless one ends before memory does: the JVM
  // takes up to six times as much for that.
  long size = Math.max(16 << 20, Math.min(512 << 20, Runtime.getRuntime().maxMemory() / 8));
  Thread thread = null;
  while (thread == null) {
    try {
      thread = new judge_("main", size);
      thread.start();
    } catch (OutOfMemoryError error) {
      thread = null;
      size /= 2;
    }
  }
  // What was printed is passed on, because a limit may end the program at any time.
  while (true) {
    thread.join(50);
    printed.flush();
  }
}

judge_(String name, long size) { super(null, null, name == null ? "end" : name, size); }

public void run() {
  int code = 1;
  try {
    find();
    for (int i = 1; i < lines.length; i++) {
      int space = lines[i].indexOf(' ');
      if (space > 0) one(lines[i].substring(0, space), lines[i].substring(space + 1));
    }
    code = 0;
  } catch (Odd odd) {
    frame("load", trouble("missing", odd.getMessage(), -1));
  } catch (Throwable error) {
    frame("load", raised(error, -1));
  }
  // Neither exit handlers nor threads that the user left behind matter.
  printed.flush();
  Runtime.getRuntime().halt(code);
}

static void frame(String index, String text) {
  StringBuilder all = new StringBuilder(text.length() + 80).append('\u001e').append(lines[0]);
  all.append(' ').append(index).append(' ').append(text).append('\n');
  try {
    out.write(all.toString().getBytes("UTF-8"));
  } catch (java.io.IOException error) {
    printed.flush();
    Runtime.getRuntime().halt(1);
  }
}

static Class<?> found;
static java.lang.reflect.Executable[] targets = new java.lang.reflect.Executable[CALLS.length];

static void find() throws Throwable {
  String what = null;
  for (String name : OWNERS) {
    Class<?> owner;
    try {
      owner = Class.forName(name);
    } catch (ClassNotFoundException error) {
      continue;
    } catch (ExceptionInInitializerError error) {
      throw error.getCause();
    }
    what = null;
    found = owner;
    for (int i = 0; i < CALLS.length && what == null; i++) {
      boolean make = CLASS && i == 0;
      int count = CALLS[i].length - 2;
      targets[i] = make ? constructor(owner, count) : method(owner, CALLS[i][0], count);
      if (targets[i] == null) what = say(make ? "The constructor" : CLASS ? "The method `" : "The function `", make ? null : CALLS[i][0], make || method(owner, CALLS[i][0], -1) != null ? count : -1, owner);
      else targets[i].setAccessible(true);
    }
    if (what == null) return;
  }
  if (what == null) what = say(CLASS ? "The class `" : "The function `", CALLS[0][0], -1, null);
  throw new Odd(what);
}

static String say(String what, String name, int count, Class<?> owner) {
  StringBuilder text = new StringBuilder(what);
  if (name != null) text.append(name).append('`');
  if (count >= 0) text.append(" with ").append(count).append(count == 1 ? " parameter" : " parameters");
  if (CLASS && owner != null) text.append(" of the class `").append(owner.getSimpleName()).append('`');
  return text.append(" was not found in your code.").toString();
}

static java.lang.reflect.Executable constructor(Class<?> owner, int count) {
  for (java.lang.reflect.Executable one : owner.getDeclaredConstructors()) if (one.getParameterCount() == count) return one;
  return null;
}

// Of several the public one, and first that with the name in the same letters.
static java.lang.reflect.Executable method(Class<?> owner, String name, int count) {
  java.lang.reflect.Executable best = null;
  int most = 0;
  for (; owner != null && owner != Object.class; owner = owner.getSuperclass()) {
    for (java.lang.reflect.Method one : owner.getDeclaredMethods()) {
      if (!one.getName().equalsIgnoreCase(name) || count >= 0 && one.getParameterCount() != count || one.isSynthetic()) continue;
      int rank = (one.getName().equals(name) ? 3 : 1) + (one.getModifiers() & 1);
      if (rank > most) {
        best = one;
        most = rank;
      }
    }
  }
  return best;
}

static Object invoke(java.lang.reflect.Executable target, Object self, Object[] arguments) throws Throwable {
  try {
    if (target instanceof java.lang.reflect.Constructor) return ((java.lang.reflect.Constructor<?>) target).newInstance(arguments);
    return ((java.lang.reflect.Method) target).invoke(self, arguments);
  } catch (java.lang.reflect.InvocationTargetException error) {
    throw error.getCause();
  }
}

static Object create(Class<?> owner) throws Throwable {
  java.lang.reflect.Executable make = constructor(owner, 0);
  if (make == null) throw new IllegalArgumentException("The class Solution has no constructor without parameters.");
  make.setAccessible(true);
  return invoke(make, null, new Object[0]);
}

static void one(String index, String text) {
  if (CLASS) {
    calls(index, new judge_(text));
    return;
  }
  String answer;
  try {
    answer = call(new judge_(text));
  } catch (Odd odd) {
    answer = odd(odd, -1);
  } catch (Throwable error) {
    answer = raised(error, -1);
  }
  frame(index, answer);
}

static String call(judge_ in) throws Throwable {
  java.lang.reflect.Executable target = targets[0];
  String[] kinds = CALLS[0];
  String returns = kinds[kinds.length - 1];
  java.lang.reflect.Type[] types = target.getGenericParameterTypes();
  Object[] arguments = new Object[types.length];
  in.need('[');
  for (int i = 0; i < types.length; i++) {
    if (i > 0) in.need(',');
    in.lists.add(null);
    arguments[i] = in.get(types[i], kinds[i + 1]);
  }
  int[] changed = changed();
  Object[] kept = new Object[changed.length];
  for (int i = 0; i < kept.length; i++) kept[i] = kinds[changed[i] + 1].charAt(0) == 'c' ? in.head(changed[i]) : arguments[changed[i]];
  boolean fixed = (target.getModifiers() & 8) != 0;
  Object value = invoke(target, fixed ? null : create(found), arguments);
  StringBuilder out = new StringBuilder("=");
  boolean several = kept.length > 1 || RETURNED && kept.length > 0;
  if (several) out.append('[');
  if (RETURNED) put(out, value, returns, 0);
  for (int i = 0; i < kept.length; i++) {
    if (i > 0 || RETURNED) out.append(',');
    // An argument that is null is one that was given so.
    put(out, kept[i], kinds[changed[i] + 1], 1);
  }
  if (several) out.append(']');
  return out.toString();
}

// A case of a class: calls, each an array of the object, the method, references to
// earlier answers, and the arguments.
static void calls(String index, judge_ in) {
  java.util.Map<Long, Object> objects = new java.util.HashMap<>();
  java.util.List<String> answers = new java.util.ArrayList<>();
  int call = 0;
  try {
    boolean tell = lines.length == 2 && ((java.util.List<?>) new judge_(in.text).get(Object.class, "a")).size() <= 1000;
    StringBuilder all = new StringBuilder("=[");
    in.need('[');
    for (; call == 0 || in.take(','); call++) {
      if (tell) frame(index, new StringBuilder(">").append(call).toString());
      in.need('[');
      Long object = (Long) in.get(Object.class, "i");
      in.need(',');
      int method = ((Long) in.get(Object.class, "i")).intValue() + 1;
      in.need(',');
      java.util.List<?> refs = (java.util.List<?>) in.get(Object.class, "li");
      String[] kinds = CALLS[method];
      java.lang.reflect.Type[] types = targets[method].getGenericParameterTypes();
      Object[] arguments = new Object[types.length];
      java.util.List<java.util.List<Object>> lists = new java.util.ArrayList<>();
      for (int i = 0; i < types.length; i++) {
        in.need(',');
        long ref = refs.isEmpty() ? -1 : (Long) refs.get(i);
        if (ref >= 0) in.get(Object.class, "a");
        judge_ from = ref < 0 ? in : new judge_(answers.get((int) ref));
        from.lists = lists;
        lists.add(null);
        arguments[i] = from.get(types[i], kinds[i + 1]);
      }
      in.need(']');
      Object value = invoke(targets[method], objects.get(object), arguments);
      StringBuilder answer = new StringBuilder();
      if (method == 0) objects.put(object, value);
      String returns = kinds[kinds.length - 1];
      if (method == 0 || returns.equals("n")) answer.append("null");
      else put(answer, value, returns, 0);
      answers.add(answer.toString());
      if (call > 0) all.append(',');
      all.append(answer);
    }
    frame(index, all.append(']').toString());
  } catch (Odd odd) {
    frame(index, odd(odd, call));
  } catch (Throwable error) {
    frame(index, raised(error, call));
  }
}

static String odd(Odd odd, int call) {
  StringBuilder out = new StringBuilder("?");
  if (call >= 0) out.append("{\"text\":");
  quote(out, odd.getMessage());
  if (call >= 0) out.append(",\"call\":").append(call).append('}');
  return out.toString();
}

static String trouble(String kind, String text, int call) {
  StringBuilder out = new StringBuilder("!{\"kind\":\"").append(kind).append("\",\"text\":");
  quote(out, text);
  if (call >= 0) out.append(",\"call\":").append(call);
  return out.append('}').toString();
}

// What was thrown, in Java's words, without the frames of the harness.
static String raised(Throwable error, int call) {
  if (error instanceof OutOfMemoryError) return trouble("memory", error.toString(), call);
  StringBuilder text = new StringBuilder();
  String before = "";
  for (int depth = 0; error != null && depth < 3; depth++) {
    String said;
    StackTraceElement[] trace = {};
    Throwable cause = null;
    try {
      said = error.toString();
      trace = error.getStackTrace();
      cause = error.getCause();
    } catch (Throwable other) {
      said = error.getClass().getName();
    }
    text.append(before).append(cut(String.valueOf(said), 900));
    int shown = 0;
    for (StackTraceElement at : trace) {
      String where = at.getClassName();
      if (where.startsWith("judge_") || where.startsWith("java.lang.Class") || where.contains("reflect.")) break;
      if (++shown > 8) {
        text.append("\n    ...");
        break;
      }
      text.append("\n    at ").append(where).append('.').append(at.getMethodName());
      text.append('(').append(at.getFileName()).append(':').append(at.getLineNumber()).append(')');
    }
    before = "\nCaused by: ";
    error = cause;
  }
  return trouble("error", cut(text.toString(), 1800), call);
}

// At most this many bytes of UTF-8, and no half of a character.
static String cut(String text, int most) {
  int end = 0;
  for (int bytes = 0; end < text.length(); end++) {
    char c = text.charAt(end);
    bytes += c < 128 ? 1 : c < 2048 || Character.isSurrogate(c) ? 2 : 3;
    if (bytes > most) break;
  }
  boolean half = end > 0 && end < text.length() && Character.isHighSurrogate(text.charAt(end - 1));
  return text.substring(0, half ? end - 1 : end);
}

