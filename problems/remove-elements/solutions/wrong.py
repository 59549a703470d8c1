class Solution:
    def removeElement(self, nums: List[int], val: int) -> int:
        # The count is right, and the list is as it was.
        return len([num for num in nums if num != val])
