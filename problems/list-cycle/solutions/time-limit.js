// Never ends where there is a cycle.
var hasCycle = function (head) {
  while (head !== null) head = head.next;
  return false;
};
