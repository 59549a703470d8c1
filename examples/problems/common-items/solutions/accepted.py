def common_items(left, right):
    return list(set(left) & set(right))
