// The calls of one case of a class.
static void judge_case(bool announce, const char *nonce, const char *index, size_t length) {
  judge_calls = judge_count();
  judge_objects = judge_memory(judge_calls, sizeof *judge_objects);
  judge_answers = judge_memory(judge_calls, sizeof *judge_answers);
  announce = announce && judge_calls <= 1000;
  judge_need('[');
  judge_text("[");
  for (judge_call = 0; (size_t)judge_call < judge_calls; ++judge_call) {
    if (judge_call) {
      judge_need(',');
      judge_text(",");
    }
    if (announce) {
      char number[16];
      sprintf(number, "%d", judge_call);
      judge_frame(nonce, index, length, '>', number, strlen(number));
    }
    judge_need('[');
    long long object = judge_get_int();
    judge_need(',');
    long long method = judge_get_int();
    judge_need(',');
    judge_ref_count = judge_count();
    if (judge_ref_count > 64) _exit(1);
    judge_need('[');
    for (size_t i = 0; i < judge_ref_count; ++i) {
      if (i) judge_need(',');
      judge_refs[i] = judge_get_int();
    }
    judge_need(']');
    size_t before = judge_size;
    judge_one(object, method);
    if (judge_mark) return;
    judge_need(']');
    size_t size = judge_size - before;
    char *answer = judge_memory(size + 1, 1);
    memcpy(answer, judge_out + before, size);
    judge_answers[judge_call] = answer;
  }
  judge_text("]");
}
