// JSON to arguments.
String text;
int at;
// The nodes of each argument that is a list with a cycle or with joins.
java.util.List<java.util.List<Object>> lists = new java.util.ArrayList<>();

judge_(String text) { this.text = text; }

boolean take(char c) {
  while (at < text.length() && text.charAt(at) == ' ') at++;
  if (at == text.length() || text.charAt(at) != c) return false;
  at++;
  return true;
}

void need(char c) {
  if (!take(c)) throw unfit();
}

RuntimeException unfit() {
  int end = Math.min(text.length(), at + 40);
  return new IllegalArgumentException("an argument does not fit its parameter, at ".concat(text.substring(at, end)));
}

boolean word(String word) {
  take('\0');
  if (!text.startsWith(word, at)) return false;
  at += word.length();
  return true;
}

Object head(int argument) {
  return lists.get(argument).isEmpty() ? null : lists.get(argument).get(0);
}

static Class<?> raw(java.lang.reflect.Type type) {
  if (type instanceof Class) return (Class<?>) type;
  if (type instanceof java.lang.reflect.ParameterizedType) return raw(((java.lang.reflect.ParameterizedType) type).getRawType());
  if (type instanceof java.lang.reflect.GenericArrayType) return java.lang.reflect.Array.newInstance(raw(((java.lang.reflect.GenericArrayType) type).getGenericComponentType()), 0).getClass();
  if (type instanceof java.lang.reflect.WildcardType) return raw(((java.lang.reflect.WildcardType) type).getUpperBounds()[0]);
  return raw(((java.lang.reflect.TypeVariable<?>) type).getBounds()[0]);
}

// The type of the items of a collection or a map.
static java.lang.reflect.Type inner(java.lang.reflect.Type type) {
  if (type instanceof java.lang.reflect.WildcardType) type = ((java.lang.reflect.WildcardType) type).getUpperBounds()[0];
  if (!(type instanceof java.lang.reflect.ParameterizedType)) return Object.class;
  java.lang.reflect.Type[] all = ((java.lang.reflect.ParameterizedType) type).getActualTypeArguments();
  return all[all.length - 1];
}

Object get(java.lang.reflect.Type type, String kind) throws Throwable {
  Class<?> raw = raw(type);
  take('\0');
  char first = at < text.length() ? text.charAt(at) : 0, letter = kind.charAt(0);
  String of = kind.substring(1);
  if (letter == 'a' || letter == 'n') {
    if (word("null")) return null;
    if (first == '[') return items(type, raw, "a");
    if (first == '{') return map(type, raw, "a");
    letter = first == '"' ? 's' : first == 't' || first == 'f' ? 'b' : 'x';
  }
  if (letter == 'l') return items(type, raw, of);
  if (letter == 'm') return map(type, raw, of);
  if (letter == 'k') {
    java.util.List<Object> nodes = nodes(raw, of);
    return nodes.isEmpty() ? null : nodes.get(0);
  }
  if (letter == 'c') return linked(raw, of);
  if (letter == 't') return tree(raw, of);
  if (letter == 'b') {
    boolean value = word("true");
    if (!value && !word("false") || !raw.isAssignableFrom(Boolean.class) && raw != boolean.class) throw unfit();
    return value;
  }
  int from = at;
  if (letter == 's') {
    String value = string();
    if (raw.isAssignableFrom(String.class)) return value;
    if (raw == char[].class) return value.toCharArray();
    if (value.length() == 1 && (raw == char.class || raw == Character.class)) return value.charAt(0);
    if (raw == StringBuilder.class) return new StringBuilder(value);
    at = from;
    throw unfit();
  }
  while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
  String number = text.substring(from, at);
  boolean whole = number.indexOf('.') < 0 && number.indexOf('e') < 0 && number.indexOf('E') < 0;
  if (raw == double.class || raw == Double.class || letter == 'f' && raw.isAssignableFrom(Double.class) || !whole && raw == Object.class) return Double.valueOf(number);
  if (raw == float.class || raw == Float.class) return Float.valueOf(number);
  if (whole) {
    long value;
    try {
      value = Long.parseLong(number);
    } catch (NumberFormatException error) {
      // Only a value of any type may be larger.
      if (raw == Object.class) return new java.math.BigInteger(number);
      at = from;
      throw unfit();
    }
    if (raw == long.class || raw.isAssignableFrom(Long.class)) return value;
    if ((raw == int.class || raw == Integer.class) && value == (int) value) return (int) value;
    if ((raw == short.class || raw == Short.class) && value == (short) value) return (short) value;
    if ((raw == byte.class || raw == Byte.class) && value == (byte) value) return (byte) value;
    if (raw == java.math.BigInteger.class) return java.math.BigInteger.valueOf(value);
  }
  at = from;
  throw unfit();
}

String string() {
  need('"');
  int end = at;
  while (text.charAt(end) != '"' && text.charAt(end) != '\\') end++;
  StringBuilder out = new StringBuilder().append(text, at, end);
  for (at = end; text.charAt(at) != '"';) {
    char c = text.charAt(at++);
    if (c == '\\') {
      c = text.charAt(at++);
      int named = "bfnrt".indexOf(c);
      if (named >= 0) c = "\b\f\n\r\t".charAt(named);
      else if (c == 'u') {
        c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
        at += 4;
      }
    }
    out.append(c);
  }
  at++;
  return out.toString();
}

Object items(java.lang.reflect.Type type, Class<?> raw, String kind) throws Throwable {
  int from = at;
  java.util.Collection<Object> list = null;
  java.lang.reflect.Type item = raw.getComponentType();
  if (type instanceof java.lang.reflect.GenericArrayType) item = ((java.lang.reflect.GenericArrayType) type).getGenericComponentType();
  if (item == int.class && kind.equals("i")) return ints();
  if (raw.isArray() || raw.isAssignableFrom(java.util.ArrayList.class)) list = new java.util.ArrayList<>();
  else if (raw.isAssignableFrom(java.util.LinkedList.class)) list = new java.util.LinkedList<>();
  else if (raw.isAssignableFrom(java.util.LinkedHashSet.class)) list = new java.util.LinkedHashSet<>();
  if (list == null) throw unfit();
  if (item == null) item = inner(type);
  need('[');
  if (!take(']')) {
    do list.add(get(item, kind)); while (take(','));
    need(']');
  }
  if (!raw.isArray()) return list;
  Object array = java.lang.reflect.Array.newInstance(raw.getComponentType(), list.size());
  int i = 0;
  for (Object one : list) java.lang.reflect.Array.set(array, i++, one);
  return array;
}

// The usual case, without an object for each number.
int[] ints() throws Throwable {
  int[] array = new int[16];
  int size = 0;
  need('[');
  if (!take(']')) {
    do {
      if (size == array.length) array = java.util.Arrays.copyOf(array, size * 2);
      array[size++] = (Integer) get(int.class, "i");
    } while (take(','));
    need(']');
  }
  return java.util.Arrays.copyOf(array, size);
}

Object map(java.lang.reflect.Type type, Class<?> raw, String kind) throws Throwable {
  java.util.Map<String, Object> map;
  if (raw.isAssignableFrom(java.util.LinkedHashMap.class)) map = new java.util.LinkedHashMap<>();
  else if (raw.isAssignableFrom(java.util.TreeMap.class)) map = new java.util.TreeMap<>();
  else throw unfit();
  java.lang.reflect.Type item = inner(type);
  need('{');
  if (take('}')) return map;
  do {
    take('\0');
    String key = string();
    need(':');
    map.put(key, get(item, kind));
  } while (take(','));
  need('}');
  return map;
}

static java.lang.reflect.Field field(Class<?> owner, String name) throws Throwable {
  java.lang.reflect.Field field = owner.getDeclaredField(name);
  field.setAccessible(true);
  return field;
}

static Object node(Class<?> owner) throws Throwable {
  java.lang.reflect.Constructor<?> best = null;
  for (java.lang.reflect.Constructor<?> one : owner.getDeclaredConstructors()) {
    if (best == null || one.getParameterCount() < best.getParameterCount()) best = one;
  }
  best.setAccessible(true);
  Class<?>[] types = best.getParameterTypes();
  Object[] arguments = new Object[types.length];
  for (int i = 0; i < types.length; i++) if (types[i].isPrimitive()) arguments[i] = java.lang.reflect.Array.get(java.lang.reflect.Array.newInstance(types[i], 1), 0);
  return invoke(best, null, arguments);
}

java.util.List<Object> nodes(Class<?> owner, String kind) throws Throwable {
  java.lang.reflect.Field val = field(owner, "val"), next = field(owner, "next");
  java.util.List<Object> nodes = new java.util.ArrayList<>();
  need('[');
  if (take(']')) return nodes;
  do {
    Object node = node(owner);
    val.set(node, get(val.getGenericType(), kind));
    if (!nodes.isEmpty()) next.set(nodes.get(nodes.size() - 1), node);
    nodes.add(node);
  } while (take(','));
  need(']');
  return nodes;
}

// A list that may have a cycle, or end in a list of an earlier argument.
Object linked(Class<?> owner, String kind) throws Throwable {
  java.util.List<Object> mine = null;
  int node = 0, cycle = -1;
  java.util.List<?> joins = null;
  boolean plain = !take('{');
  if (plain) mine = nodes(owner, kind);
  else do {
    take('\0');
    String name = string();
    need(':');
    if (name.equals("values")) mine = nodes(owner, kind);
    else if (name.equals("joins")) joins = (java.util.List<?>) get(Object.class, "li");
    else {
      int number = ((Long) get(Object.class, "i")).intValue();
      if (name.equals("cycle")) cycle = number;
      else node = number;
    }
  } while (take(','));
  if (!plain) need('}');
  java.lang.reflect.Field next = field(owner, "next");
  Object last = mine.isEmpty() ? null : mine.get(mine.size() - 1);
  Object target = cycle < 0 ? null : mine.get(cycle);
  if (joins != null && joins.size() == 2) target = lists.get(((Long) joins.get(0)).intValue()).get(((Long) joins.get(1)).intValue());
  if (last == null && target != null) mine.add(target);
  else if (target != null) next.set(last, target);
  lists.set(lists.size() - 1, mine);
  return mine.isEmpty() ? null : mine.get(node);
}

// A tree in level order: the next two values are the children of the next node.
Object tree(Class<?> owner, String kind) throws Throwable {
  java.lang.reflect.Field val = field(owner, "val"), left = field(owner, "left"), right = field(owner, "right");
  java.util.List<Object> nodes = new java.util.ArrayList<>();
  int place = -1;
  need('[');
  if (take(']')) return null;
  do {
    Object node = null;
    if (!word("null")) {
      node = node(owner);
      val.set(node, get(val.getGenericType(), kind));
      nodes.add(node);
    }
    if (place >= 0) (place % 2 == 0 ? left : right).set(nodes.get(place / 2), node);
    place++;
  } while (take(','));
  need(']');
  return nodes.isEmpty() ? null : nodes.get(0);
}

