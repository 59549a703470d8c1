// The cases, one after the other.
int main(void) {
  char *all = judge_begin(), *end = strchr(all, '\n');
  if (!end) _exit(1);
  *end = 0;
  char *line = end + 1;
  const char *following = strchr(line, '\n');
  bool single = JUDGE_CLASS && (!following || !following[1]);
  for (; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    char *space = strchr(line, ' ');
    if (!space) continue;
    judge_at = space + 1;
    judge_size = 0;
    judge_mark = 0;
    judge_call = -1;
    judge_case(single, all, line, (size_t)(space - line));
    judge_tell(all, line, (size_t)(space - line));
    judge_free();
  }
  fflush(NULL);
  _exit(0);
}
