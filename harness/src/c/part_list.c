// Reads and writes lists. The generated code begins with it where it needs it.
struct judge_list { struct ListNode **nodes; size_t count; struct ListNode *passed; };
static struct judge_list judge_lists[64];
static struct judge_list judge_get_list(void) {
  struct judge_list all = {0};
  all.count = judge_count();
  all.nodes = judge_memory(all.count, sizeof *all.nodes);
  judge_need('[');
  for (size_t i = 0; i < all.count; ++i) {
    if (i) judge_need(',');
    all.nodes[i] = judge_memory(1, sizeof **all.nodes);
    long long whole = judge_get_int();
    all.nodes[i]->val = whole;
    if (all.nodes[i]->val != whole) judge_misfit();
    if (i) all.nodes[i - 1]->next = all.nodes[i];
  }
  judge_need(']');
  all.passed = all.count ? all.nodes[0] : NULL;
  return all;
}
__attribute__((unused)) static struct judge_list judge_get_nodes(void) {
  if (!judge_take('{')) return judge_get_list();
  judge_word("\"values\"");
  judge_need(':');
  struct judge_list all = judge_get_list();
  long long cycle = -1, node = 0, from = -1, at = 0;
  while (judge_take(',')) {
    if (judge_word("\"cycle\":")) cycle = judge_get_int();
    else if (judge_word("\"node\":")) node = judge_get_int();
    else {
      judge_word("\"joins\":");
      judge_need('[');
      if (judge_take(']')) continue;
      from = judge_get_int();
      judge_need(',');
      at = judge_get_int();
      judge_need(']');
    }
  }
  judge_need('}');
  struct ListNode *rest = from < 0 ? NULL : judge_lists[from].nodes[at];
  if (all.count) all.nodes[all.count - 1]->next = cycle < 0 ? rest : all.nodes[cycle];
  all.passed = all.count ? all.nodes[node] : rest;
  return all;
}
__attribute__((unused)) static void judge_put_list(struct ListNode *head, bool cycles) {
  struct judge_set set = {0};
  size_t count = 0, place;
  struct ListNode *node = head;
  for (; node && !judge_seen(&set, node, &place); node = node->next) set.places[place] = count++;
  if (node && !cycles) judge_stop('?', "a cycle");
  if (node) judge_text("{\"values\":");
  judge_text("[");
  struct ListNode *one = head;
  for (size_t i = 0; i < count; ++i, one = one->next) {
    if (i) judge_text(",");
    judge_put_int(one->val);
  }
  judge_text("]");
  if (node) {
    judge_text(",\"cycle\":");
    judge_put_int((long long)set.places[place]);
    judge_text("}");
  }
  free(set.keys);
  free(set.places);
}
