var removeElement = function (nums, val) {
  let end = nums.length;
  for (let i = 0; i < end; ) {
    if (nums[i] === val) nums[i] = nums[--end];
    else i++;
  }
  return end;
};
