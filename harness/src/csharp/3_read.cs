  // JSON to arguments.
  class In {
    readonly string text;
    int at;
    // The nodes of each argument that is a list with a cycle or with joins.
    public System.Collections.Generic.List<System.Collections.Generic.List<object>> lists = new System.Collections.Generic.List<System.Collections.Generic.List<object>>();

    public In(string text) { this.text = text; }

    char Peek() {
      while (at < text.Length && text[at] == ' ') at++;
      return at < text.Length ? text[at] : '\0';
    }

    public bool Take(char c) {
      if (Peek() != c) return false;
      at++;
      return true;
    }

    public void Need(char c) {
      if (!Take(c)) throw Unfit();
    }

    System.Exception Unfit() {
      return new System.ArgumentException("an argument does not fit its parameter, at " + Cut(text.Substring(at), 40));
    }

    bool Word(string word) {
      Peek();
      if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) return false;
      at += word.Length;
      return true;
    }

    public long Int() { return (long) Get(typeof(long), "i"); }

    // Each element of an array or member of an object.
    void Each(char open, char close, System.Action item) {
      Need(open);
      if (Take(close)) return;
      do item(); while (Take(','));
      Need(close);
    }

    public object Get(System.Type type, string kind) {
      char first = Peek(), letter = kind[0];
      string of = kind.Substring(1);
      type = System.Nullable.GetUnderlyingType(type) ?? type;
      if (letter == 'a' || letter == 'n') {
        if (Word("null")) return null;
        letter = first == '[' ? 'l' : first == '{' ? 'm' : first == '"' ? 's' : first == 't' || first == 'f' ? 'b' : 'x';
        of = "a";
      }
      if (letter == 'l') return Items(type, of);
      if (letter == 'm') return Map(type, of);
      if (letter == 'k' || letter == 'c') return Linked(type, of);
      if (letter == 't') return Tree(type, of);
      bool any = type == typeof(object);
      if (letter == 'b') {
        bool yes = Word("true");
        if (!yes && !Word("false") || !any && type != typeof(bool)) throw Unfit();
        return yes;
      }
      int from = at;
      if (letter == 's') {
        string value = String();
        if (any || type == typeof(string)) return value;
        if (type == typeof(char[])) return value.ToCharArray();
        if (type == typeof(char) && value.Length == 1) return value[0];
        at = from;
        throw Unfit();
      }
      while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0) at++;
      string number = text.Substring(from, at - from);
      bool whole = number.IndexOfAny(new[] {'.', 'e', 'E'}) < 0;
      var culture = System.Globalization.CultureInfo.InvariantCulture;
      try {
        if (type == typeof(double) || any && (letter == 'f' || !whole)) return Real.Parse(number);
        if (type == typeof(float)) return (float) double.Parse(number, culture);
        if (type == typeof(decimal)) return decimal.Parse(number, System.Globalization.NumberStyles.Float, culture);
        if (any) {
          long small;
          if (long.TryParse(number, out small)) return small;
          return ulong.Parse(number);
        }
        if (whole) return System.Convert.ChangeType(long.Parse(number), type);
      } catch (System.Exception) {
      }
      at = from;
      throw Unfit();
    }

    string String() {
      Need('"');
      int end = at;
      while (text[end] != '"' && text[end] != '\\') end++;
      var value = new System.Text.StringBuilder(text, at, end - at, end - at + 16);
      for (at = end; text[at] != '"';) {
        char c = text[at++];
        if (c == '\\') {
          c = text[at++];
          int named = "bfnrt".IndexOf(c);
          if (named >= 0) c = "\b\f\n\r\t"[named];
          else if (c == 'u') {
            c = (char) System.Convert.ToInt32(text.Substring(at, 4), 16);
            at += 4;
          }
        }
        value.Append(c);
      }
      at++;
      return value.ToString();
    }

    object Items(System.Type type, string kind) {
      System.Type item = type.IsArray ? type.GetElementType() : type.IsGenericType ? type.GetGenericArguments()[0] : typeof(object);
      System.Type made = type;
      if (type.IsArray && type.GetArrayRank() > 1) throw Unfit();
      if (type.IsArray || type.IsInterface || type == typeof(object)) {
        made = typeof(System.Collections.Generic.List<>).MakeGenericType(item);
        if (!type.IsArray && !type.IsAssignableFrom(made)) made = typeof(System.Collections.Generic.HashSet<>).MakeGenericType(item);
      }
      if (!type.IsArray && !type.IsAssignableFrom(made) || !typeof(System.Collections.IEnumerable).IsAssignableFrom(made) || made == typeof(string)) throw Unfit();
      object items = System.Activator.CreateInstance(made);
      var list = items as System.Collections.IList;
      var add = list == null ? made.GetMethod("Add") ?? made.GetMethod("Enqueue") ?? made.GetMethod("AddLast", new[] {item}) : null;
      if (list == null && add == null) throw Unfit();
      Each('[', ']', () => {
        object one = Get(item, kind);
        if (list != null) list.Add(one);
        else add.Invoke(items, new[] {one});
      });
      if (!type.IsArray) return items;
      var array = System.Array.CreateInstance(item, list.Count);
      list.CopyTo(array, 0);
      return array;
    }

    object Map(System.Type type, string kind) {
      System.Type item = type.IsGenericType ? System.Linq.Enumerable.Last(type.GetGenericArguments()) : typeof(object);
      System.Type made = type.IsInterface || type == typeof(object) ? typeof(System.Collections.Generic.Dictionary<,>).MakeGenericType(typeof(string), item) : type;
      if (!type.IsAssignableFrom(made)) throw Unfit();
      var map = System.Activator.CreateInstance(made) as System.Collections.IDictionary;
      if (map == null) throw Unfit();
      Each('{', '}', () => {
        Peek();
        string key = String();
        Need(':');
        map[key] = Get(item, kind);
      });
      return map;
    }

    object Node(System.Type owner, string kind) {
      System.Reflection.ConstructorInfo best = null;
      foreach (var one in owner.GetConstructors(ANY)) {
        if (!one.IsStatic && (best == null || one.GetParameters().Length < best.GetParameters().Length)) best = one;
      }
      var val = Field(owner, "val");
      if (best == null || val == null) throw Unfit();
      var arguments = System.Array.ConvertAll(best.GetParameters(), one => one.ParameterType.IsValueType ? System.Activator.CreateInstance(one.ParameterType) : null);
      object node = Invoke(best, null, arguments);
      val.SetValue(node, Get(val.FieldType, kind));
      return node;
    }

    // A list, which may have a cycle, or end in a list of an earlier argument.
    object Linked(System.Type owner, string kind) {
      var nodes = new System.Collections.Generic.List<object>();
      int node = 0, cycle = -1;
      System.Collections.Generic.List<object> joins = null;
      var next = Field(owner, "next");
      System.Action values = () => Each('[', ']', () => {
        object one = Node(owner, kind);
        if (nodes.Count > 0) next.SetValue(nodes[nodes.Count - 1], one);
        nodes.Add(one);
      });
      if (next == null) throw Unfit();
      if (Peek() == '[') values();
      else Each('{', '}', () => {
        Peek();
        string name = String();
        Need(':');
        if (name == "values") values();
        else if (name == "joins") joins = (System.Collections.Generic.List<object>) Get(typeof(object), "a");
        else if (name == "cycle") cycle = (int) Int();
        else node = (int) Int();
      });
      object target = cycle < 0 ? null : nodes[cycle];
      if (joins != null && joins.Count == 2) target = lists[(int) (long) joins[0]][(int) (long) joins[1]];
      if (target != null && nodes.Count > 0) next.SetValue(nodes[nodes.Count - 1], target);
      else if (target != null) nodes.Add(target);
      if (lists.Count > 0) lists[lists.Count - 1] = nodes;
      return nodes.Count == 0 ? null : nodes[node];
    }

    // A tree in level order: the next two values are the children of the next node.
    object Tree(System.Type owner, string kind) {
      var nodes = new System.Collections.Generic.List<object>();
      int place = -1;
      Each('[', ']', () => {
        object node = null;
        if (!Word("null")) {
          node = Node(owner, kind);
          nodes.Add(node);
        }
        if (place >= 0) {
          var link = Field(owner, place % 2 == 0 ? "left" : "right");
          if (link == null) throw Unfit();
          link.SetValue(nodes[place / 2], node);
        }
        place++;
      });
      return nodes.Count == 0 ? null : nodes[0];
    }
  }

  // Mono's own reading and shortest writing of numbers is off by one unit in some.
  class Real {
    static readonly System.Globalization.CultureInfo culture = System.Globalization.CultureInfo.InvariantCulture;

    public static double Parse(string number) {
      double near = double.Parse(number, culture);
      bool negative = number[0] == '-';
      int end = number.IndexOfAny(new[] {'e', 'E'});
      int exponent = end < 0 ? 0 : int.Parse(number.Substring(end + 1), culture);
      string digits = (end < 0 ? number : number.Substring(0, end)).TrimStart('-');
      int point = digits.IndexOf('.');
      if (point >= 0) exponent -= digits.Length - point - 1;
      digits = digits.Replace(".", "").TrimStart('0');
      exponent += digits.Length - digits.TrimEnd('0').Length;
      digits = digits.TrimEnd('0');
      if (digits == "") return negative ? -1 / double.PositiveInfinity : 0;
      if (near == 0 || double.IsInfinity(near) || digits.Length > 19) return near;
      ulong whole = ulong.Parse(digits);
      if (digits.Length <= 15 && System.Math.Abs(exponent) <= 22) {
        double power = 1, value = whole;
        for (int i = System.Math.Abs(exponent); i > 0; i--) power *= 10;
        value = exponent < 0 ? value / power : value * power;
        return negative ? -value : value;
      }
      long bits = System.BitConverter.DoubleToInt64Bits(System.Math.Abs(near));
      for (int tries = 0; tries < 4; tries++) {
        long half = bits & (1L << 52) - 1;
        int two = (int) (bits >> 52);
        bool boundary = half == 0 && two > 1;
        if (two == 0) two = 1;
        else half |= 1L << 52;
        int odd = (int) (half & 1);
        // Which of the middles to its neighbours it is beyond, if any.
        if (Compare(whole, exponent, (ulong) (2 * half + 1), two - 1076) + odd > 0) bits++;
        else if (Compare(whole, exponent, (ulong) (boundary ? 4 * half - 1 : 2 * half - 1), two - (boundary ? 1077 : 1076)) - odd < 0) bits--;
        else break;
      }
      double best = System.BitConverter.Int64BitsToDouble(bits);
      return negative ? -best : best;
    }

    public static string Text(double number) {
      foreach (string form in new[] {"G15", "G16"}) {
        string text = number.ToString(form, culture);
        double read;
        if (double.TryParse(text, System.Globalization.NumberStyles.Float, culture, out read) && Parse(text) == number) return text;
      }
      return number.ToString("G17", culture);
    }

    // a * 10^ten to b * 2^two.
    static int Compare(ulong a, int ten, ulong b, int two) {
      var left = new System.Collections.Generic.List<uint> {(uint) a, (uint) (a >> 32)};
      var right = new System.Collections.Generic.List<uint> {(uint) b, (uint) (b >> 32)};
      for (; ten != 0; ten -= System.Math.Sign(ten)) Times(ten > 0 ? left : right, 10);
      for (; two != 0; two -= System.Math.Sign(two)) Times(two > 0 ? right : left, 2);
      for (int i = System.Math.Max(left.Count, right.Count) - 1; i >= 0; i--) {
        uint one = i < left.Count ? left[i] : 0, other = i < right.Count ? right[i] : 0;
        if (one != other) return one < other ? -1 : 1;
      }
      return 0;
    }

    static void Times(System.Collections.Generic.List<uint> number, uint factor) {
      ulong carry = 0;
      for (int i = 0; i < number.Count; i++) {
        carry += (ulong) number[i] * factor;
        number[i] = (uint) carry;
        carry >>= 32;
      }
      if (carry != 0) number.Add((uint) carry);
    }
  }

