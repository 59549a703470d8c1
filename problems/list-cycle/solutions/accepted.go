func hasCycle(head *ListNode) bool {
	seen := map[*ListNode]bool{}
	for ; head != nil; head = head.Next {
		if seen[head] {
			return true
		}
		seen[head] = true
	}
	return false
}
