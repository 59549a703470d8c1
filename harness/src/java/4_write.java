// Results to JSON.
static java.util.ArrayList<Object> trail = new java.util.ArrayList<>();

static void put(StringBuilder out, Object value, String kind, int depth) throws Throwable {
  trail.clear();
  show(out, value, kind, depth);
}

static void show(StringBuilder out, Object value, String kind, int depth) throws Throwable {
  char letter = kind.charAt(0);
  String of = letter == 'l' || letter == 'm' ? kind.substring(1) : "a";
  if (letter == 'k' || letter == 'c' || letter == 't') {
    nodes(out, value, kind);
  } else if (value == null) {
    if (letter != 'n' && letter != 'a' && depth == 0) throw new Odd("nothing: the function returned no value, and printing one does not return it");
    out.append("null");
  } else if (value instanceof Boolean || value instanceof Integer || value instanceof Long || value instanceof Short || value instanceof Byte) {
    out.append(value);
  } else if (value instanceof java.math.BigInteger) {
    if (((java.math.BigInteger) value).bitLength() > 63) throw new Odd("a whole number beyond 64 bits");
    out.append(value);
  } else if (value instanceof Double || value instanceof Float) {
    double number = ((Number) value).doubleValue();
    if (letter != 'f' && (Double.isNaN(number) || Double.isInfinite(number))) throw new Odd(value.toString());
    out.append(value);
  } else if (value instanceof CharSequence || value instanceof Character) {
    string(out, value.toString());
  } else if (value instanceof char[] && letter != 'l') {
    string(out, new String((char[]) value));
  } else {
    for (Object one : trail) if (one == value) throw new Odd("a cycle");
    boolean iterable = value instanceof Iterable, map = value instanceof java.util.Map;
    if (!iterable && !map && !value.getClass().isArray()) throw new Odd("a value of type ".concat(value.getClass().getSimpleName()));
    trail.add(value);
    if (trail.size() > 64) throw new Odd("nested deeper than 64");
    char before = map ? '{' : '[';
    int size = iterable || map ? 0 : java.lang.reflect.Array.getLength(value);
    if (map) {
      for (java.util.Map.Entry<?, ?> member : ((java.util.Map<?, ?>) value).entrySet()) {
        Object key = member.getKey();
        if (!(key instanceof CharSequence || key instanceof Character)) throw new Odd("a key of type ".concat(key == null ? "null" : key.getClass().getSimpleName()));
        out.append(before);
        string(out, key.toString());
        out.append(':');
        show(out, member.getValue(), of, 1);
        before = ',';
      }
    } else if (iterable) {
      for (Object item : (Iterable<?>) value) {
        out.append(before);
        show(out, item, of, 1);
        before = ',';
      }
    } else {
      for (int i = 0; i < size; i++) {
        out.append(before);
        show(out, java.lang.reflect.Array.get(value, i), of, 1);
        before = ',';
      }
    }
    if (before != ',') out.append(before);
    out.append(map ? '}' : ']');
    trail.remove(trail.size() - 1);
  }
}

static void string(StringBuilder out, String text) {
  for (int i = 0; i < text.length(); i++) {
    char c = text.charAt(i);
    if (!Character.isSurrogate(c)) continue;
    if (Character.isLowSurrogate(c) || ++i == text.length() || !Character.isLowSurrogate(text.charAt(i))) throw new Odd("a lone surrogate");
  }
  quote(out, text);
}

static void quote(StringBuilder out, String text) {
  out.append('"');
  for (int i = 0; i < text.length(); i++) {
    char c = text.charAt(i);
    if (c == '"' || c == '\\') out.append('\\');
    if (c < 32) out.append(c < 16 ? "\\u000" : "\\u00").append(Integer.toHexString(c));
    else out.append(c);
  }
  out.append('"');
}

// Linked nodes to an array. A tree is read in level order.
static void nodes(StringBuilder out, Object head, String kind) throws Throwable {
  boolean tree = kind.charAt(0) == 't';
  java.util.Map<Object, Integer> seen = new java.util.IdentityHashMap<>();
  java.util.ArrayList<Object> row = new java.util.ArrayList<>();
  row.add(head);
  int absent = 0, cycle = -1, from = out.length();
  out.append('[');
  for (int i = 0; i < row.size(); i++) {
    Object node = row.get(i);
    if (node == null) {
      absent++;
      continue;
    }
    Integer place = seen.put(node, seen.size());
    if (place != null) {
      if (kind.charAt(0) != 'c') throw new Odd("a cycle");
      cycle = place;
      break;
    }
    Class<?> owner = node.getClass();
    java.lang.reflect.Field val, next;
    try {
      val = field(owner, "val");
      next = field(owner, tree ? "left" : "next");
    } catch (NoSuchFieldException error) {
      throw new Odd("a value of type ".concat(owner.getSimpleName()));
    }
    for (; absent > 0; absent--) out.append(",null");
    if (i > 0) out.append(',');
    Object value = val.get(node);
    if (value == null) throw new Odd("a node without a value");
    show(out, value, kind.substring(1), 1);
    row.add(next.get(node));
    if (tree) row.add(field(owner, "right").get(node));
  }
  out.append(']');
  if (cycle >= 0) out.insert(from, "{\"values\":").append(",\"cycle\":").append(cycle).append('}');
}
}/*judge_end*/
