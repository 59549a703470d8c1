class Solution {
public:
    // By value: the caller's list stays as it was.
    void rotate(vector<int> nums, int k) {
        std::rotate(nums.rbegin(), nums.rbegin() + k % nums.size(), nums.rend());
    }
};
