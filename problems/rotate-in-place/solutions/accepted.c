static void reverse(int* nums, int from, int to) {
    for (; from < to; from++, to--) {
        int kept = nums[from];
        nums[from] = nums[to];
        nums[to] = kept;
    }
}

void rotate(int* nums, int numsSize, int k) {
    k %= numsSize;
    reverse(nums, 0, numsSize - 1);
    reverse(nums, 0, k - 1);
    reverse(nums, k, numsSize - 1);
}
