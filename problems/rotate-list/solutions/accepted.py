def rotate_list(head, steps):
    if head is None:
        return None
    length, last = 1, head
    while last.next:
        length, last = length + 1, last.next
    last.next = head
    for _ in range(length - steps % length):
        last = last.next
    head, last.next = last.next, None
    return head
