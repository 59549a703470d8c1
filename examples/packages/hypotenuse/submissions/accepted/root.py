import math

print(math.hypot(*map(int, input().split())))
