// For linked nodes only, among the members of Json: lists that have a cycle or share
// nodes, and of which any node may be passed.

// The nodes of each parameter from the head on, by the parameter's index.
static std::map<int, vector<void*>>& rows() {
  static std::map<int, vector<void*>> all;
  return all;
}

// Behind `{`.
template <class N>
static void linked(In& in, N*& head) {
  vector<void*>& row = rows()[in.param];
  row.clear();
  long long cycle = -1, node = 0;
  vector<long long> joins;
  do {
    string key;
    get(in, key);
    in.need(in.take(':'));
    if (key == "values") {
      list(in, [&] {
        N* one = new N();
        one->next = nullptr;
        get(in, one->val);
        row.push_back(one);
      });
    } else if (key == "joins") {
      get(in, joins);
    } else {
      get(in, key == "cycle" ? cycle : node);
    }
  } while (in.take(','));
  in.need(in.take('}'));
  size_t own = row.size();
  if (joins.size()) {
    const vector<void*>& other = rows()[int(joins[0])];
    row.insert(row.end(), other.begin() + joins[1], other.end());
  }
  for (size_t at = 0; at < own; ++at) ((N*)row[at])->next = (N*)(at + 1 < row.size() ? row[at + 1] : cycle >= 0 ? row.at(cycle) : nullptr);
  head = row.empty() ? nullptr : (N*)row.at(node);
}

// What was written from `start` on was an array.
template <class N>
static void close(string& out, size_t start, N* head, N* first) {
  int index = 0;
  for (; head != first; head = head->next) ++index;
  out.insert(start, "{\"values\":");
  out += "],\"cycle\":" + std::to_string(index) + "}";
}
