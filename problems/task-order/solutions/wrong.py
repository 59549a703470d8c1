# Right only where the numbers happen to keep the rules.
def task_order(count, rules):
    return list(range(count))
