func removeElement(nums []int, val int) int {
	kept := 0
	for _, num := range nums {
		if num != val {
			nums[kept] = num
			kept++
		}
	}
	return kept
}
