public class Solution {
    public int RemoveElement(int[] nums, int val) {
        int kept = 0;
        foreach (int num in nums) if (num != val) nums[kept++] = num;
        return kept;
    }
}
