# The centre is not on the circle.
x, y, r = map(float, input().split())
print(x, y)
