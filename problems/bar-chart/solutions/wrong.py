# Leaves out bars of nothing.
for number in map(int, input().split()):
    if number:
        print(f"{number:>3} {'#' * number}")
