class Solution {
    public void rotate(int[] nums, int k) {
        int n = nums.length;
        int[] turned = new int[n];
        for (int i = 0; i < n; i++) turned[(i + k) % n] = nums[i];
        System.arraycopy(turned, 0, nums, 0, n);
    }
}
