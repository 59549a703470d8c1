// Reads and writes trees. The generated code begins with it where it needs it.
__attribute__((unused)) static struct TreeNode *judge_get_tree(void) {
  size_t count = judge_count(), next = 1;
  struct TreeNode **all = judge_memory(count, sizeof *all);
  judge_need('[');
  for (size_t i = 0; i < count; ++i) {
    if (i) judge_need(',');
    if (judge_word("null")) continue;
    all[i] = judge_memory(1, sizeof **all);
    long long whole = judge_get_int();
    all[i]->val = whole;
    if (all[i]->val != whole) judge_misfit();
  }
  judge_need(']');
  for (size_t i = 0; i < count; ++i) {
    if (!all[i]) continue;
    all[i]->left = next < count ? all[next] : NULL;
    ++next;
    all[i]->right = next < count ? all[next] : NULL;
    ++next;
  }
  struct TreeNode *root = count ? all[0] : NULL;
  free(all);
  return root;
}
__attribute__((unused)) static void judge_put_tree(struct TreeNode *root) {
  struct judge_set set = {0};
  size_t count = 1, room = 64, absent = 0, place;
  struct TreeNode **row = malloc(room * sizeof *row);
  if (!row) _exit(1);
  row[0] = root;
  judge_text("[");
  for (size_t i = 0; i < count; ++i) {
    struct TreeNode *node = row[i];
    if (!node) {
      ++absent;
      continue;
    }
    if (judge_seen(&set, node, &place)) {
      judge_stop('?', "a cycle");
      break;
    }
    for (; absent; --absent) judge_text(",null");
    if (i) judge_text(",");
    judge_put_int(node->val);
    if (count + 2 > room) {
      row = realloc(row, (room *= 2) * sizeof *row);
      if (!row) _exit(1);
    }
    row[count++] = node->left;
    row[count++] = node->right;
  }
  judge_text("]");
  free(row);
  free(set.keys);
  free(set.places);
}
