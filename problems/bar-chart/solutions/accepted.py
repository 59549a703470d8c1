for number in map(int, input().split()):
    print(f"{number:>3} {'#' * number}".rstrip())
