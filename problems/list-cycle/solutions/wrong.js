// Longer than any list of a hurried setter.
var hasCycle = function (head) {
  let count = 0;
  while (head !== null && count <= 1000) {
    head = head.next;
    count++;
  }
  return count > 1000;
};
