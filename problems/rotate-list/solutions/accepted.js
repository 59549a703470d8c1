function rotateList(head, steps) {
  if (!head) return null;
  let length = 1;
  let last = head;
  for (; last.next; last = last.next) length++;
  last.next = head;
  for (let left = length - (steps % length); left > 0; left--) last = last.next;
  head = last.next;
  last.next = null;
  return head;
}
