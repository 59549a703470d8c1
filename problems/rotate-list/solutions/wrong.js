// Turns to the other side: takes the first node to the end.
function rotateList(head, steps) {
  if (!head) return null;
  let length = 1;
  let last = head;
  for (; last.next; last = last.next) length++;
  for (let left = steps % length; left > 0; left--) {
    last.next = head;
    last = head;
    head = head.next;
    last.next = null;
  }
  return head;
}
