function removeElement(nums: number[], val: number): number {
  let kept = 0;
  for (const num of nums) if (num !== val) nums[kept++] = num;
  return kept;
}
