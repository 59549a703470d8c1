class Solution {
    function removeElement(&$nums, $val) {
        $nums = array_values(array_filter($nums, fn($num) => $num !== $val));
        return count($nums);
    }
}
