# Gives a number as often as it is in `left`.
def common_items(left, right):
    return [number for number in left if number in right]
