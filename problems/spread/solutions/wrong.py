# The standard deviation of a sample: divides by one less.
def spread(values):
    if not values:
        return 0.0
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)) ** 0.5
