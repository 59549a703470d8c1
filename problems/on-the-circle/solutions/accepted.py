x, y, r = map(float, input().split())
print(x - r, y)
