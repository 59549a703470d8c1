func rotate(nums []int, k int) {
	k %= len(nums)
	copy(nums, append(append([]int{}, nums[len(nums)-k:]...), nums[:len(nums)-k]...))
}
