  // Results to JSON.
  class Show {
    public readonly System.Text.StringBuilder text = new System.Text.StringBuilder();
    readonly System.Collections.Generic.List<object> trail = new System.Collections.Generic.List<object>();

    public void Put(object value, string kind, int depth) {
      char letter = kind[0];
      string of = letter == 'l' || letter == 'm' ? kind.Substring(1) : "a";
      if (letter == 'k' || letter == 'c' || letter == 't') {
        Nodes(value, kind);
      } else if (value == null) {
        if (letter != 'n' && letter != 'a' && depth == 0) throw new Odd("nothing: the function returned no value, and printing one does not return it");
        text.Append("null");
      } else if (value is bool) {
        text.Append((bool) value ? "true" : "false");
      } else if (value is long || value is int || value is short || value is sbyte || value is byte || value is uint || value is ushort || value is ulong) {
        if (value is ulong && (ulong) value > long.MaxValue) throw new Odd("a whole number beyond 64 bits");
        text.Append(value);
      } else if (value is double || value is float || value is decimal) {
        double number = System.Convert.ToDouble(value);
        if (double.IsNaN(number) || double.IsInfinity(number)) {
          string said = double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
          if (letter != 'f') throw new Odd(said);
          text.Append(said);
          return;
        }
        string shown = value is double ? Real.Text(number) : ((System.IFormattable) value).ToString(value is decimal ? null : "R", System.Globalization.CultureInfo.InvariantCulture);
        if (number == 0) shown = 1 / number < 0 ? "-0" : "0";
        text.Append(shown);
        if (shown.IndexOf('.') < 0 && shown.IndexOf('E') < 0) text.Append(".0");
      } else if (value is string || value is char || value is System.Text.StringBuilder) {
        String(value.ToString());
      } else if (value is char[] && letter != 'l') {
        String(new string((char[]) value));
      } else {
        var type = value.GetType();
        var map = value as System.Collections.IDictionary;
        var items = value as System.Collections.IEnumerable;
        if (items == null || type.IsArray && type.GetArrayRank() > 1) throw new Odd("a value of type " + type.Name);
        foreach (object one in trail) if (ReferenceEquals(one, value)) throw new Odd("a cycle");
        trail.Add(value);
        if (trail.Count > 64) throw new Odd("nested deeper than 64");
        string before = "";
        text.Append(map != null ? '{' : '[');
        if (map != null) {
          foreach (System.Collections.DictionaryEntry member in map) {
            if (!(member.Key is string || member.Key is char)) throw new Odd("a key of type " + member.Key.GetType().Name);
            text.Append(before);
            String(member.Key.ToString());
            text.Append(':');
            Put(member.Value, of, 1);
            before = ",";
          }
        } else {
          foreach (object item in items) {
            text.Append(before);
            Put(item, of, 1);
            before = ",";
          }
        }
        text.Append(map != null ? '}' : ']');
        trail.RemoveAt(trail.Count - 1);
      }
    }

    void String(string value) {
      for (int i = 0; i < value.Length; i++) {
        if (!char.IsSurrogate(value[i])) continue;
        if (char.IsLowSurrogate(value[i]) || ++i == value.Length || !char.IsLowSurrogate(value[i])) throw new Odd("a lone surrogate");
      }
      text.Append(Quote(value));
    }

    // Linked nodes to an array. A tree is read in level order.
    void Nodes(object head, string kind) {
      bool tree = kind[0] == 't';
      var seen = new System.Collections.Generic.Dictionary<object, int>(new Same());
      var row = new System.Collections.Generic.List<object> {head};
      int absent = 0, cycle = -1, from = text.Length;
      text.Append('[');
      for (int i = 0; i < row.Count; i++) {
        object node = row[i];
        if (node == null) {
          absent++;
          continue;
        }
        if (seen.ContainsKey(node)) {
          if (kind[0] != 'c') throw new Odd("a cycle");
          cycle = seen[node];
          break;
        }
        seen[node] = seen.Count;
        System.Type owner = node.GetType();
        var val = Field(owner, "val");
        var next = Field(owner, tree ? "left" : "next");
        var right = Field(owner, "right");
        if (val == null || next == null || tree && right == null) throw new Odd("a value of type " + owner.Name);
        for (; absent > 0; absent--) text.Append(",null");
        if (i > 0) text.Append(',');
        object value = val.GetValue(node);
        if (value == null) throw new Odd("a node without a value");
        Put(value, kind.Substring(1), 1);
        row.Add(next.GetValue(node));
        if (tree) row.Add(right.GetValue(node));
      }
      text.Append(']');
      if (cycle >= 0) text.Insert(from, "{\"values\":").Append(",\"cycle\":" + cycle + "}");
    }

    class Same : System.Collections.Generic.IEqualityComparer<object> {
      bool System.Collections.Generic.IEqualityComparer<object>.Equals(object a, object b) { return ReferenceEquals(a, b); }
      int System.Collections.Generic.IEqualityComparer<object>.GetHashCode(object one) { return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(one); }
    }
  }

  static string Quote(string value) {
    var text = new System.Text.StringBuilder(value.Length + 2).Append('"');
    foreach (char c in value) {
      if (c == '"' || c == '\\') text.Append('\\');
      if (c < 32) text.Append("\\u").Append(((int) c).ToString("x4"));
      else text.Append(c);
    }
    return text.Append('"').ToString();
  }
}
