function twoSum(nums, target) {
  const seen = new Map();
  for (const [place, number] of nums.entries()) {
    if (seen.has(target - number)) return [seen.get(target - number), place];
    seen.set(number, place);
  }
}
