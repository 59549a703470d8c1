var hasCycle = function (head) {
  const seen = new Set();
  for (; head !== null; head = head.next) {
    if (seen.has(head)) return true;
    seen.add(head);
  }
  return false;
};
