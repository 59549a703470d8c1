function rotate(nums: number[], k: number): void {
  const at = nums.length - (k % nums.length);
  const turned = [...nums.slice(at), ...nums.slice(0, at)];
  turned.forEach((value, index) => (nums[index] = value));
}
