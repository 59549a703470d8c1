var rotate = function (nums, k) {
  // Returned, and not changed in place.
  const at = nums.length - (k % nums.length);
  return [...nums.slice(at), ...nums.slice(0, at)];
};
