def task_order(count: int, rules: list[list[int]]) -> list[int]:
    after = [[] for _ in range(count)]
    waits_for = [0] * count
    for first, then in rules:
        after[first].append(then)
        waits_for[then] += 1
    ready = [task for task in range(count) if waits_for[task] == 0]
    order = []
    while ready:
        task = ready.pop()
        order.append(task)
        for then in after[task]:
            waits_for[then] -= 1
            if waits_for[then] == 0:
                ready.append(then)
    return order
