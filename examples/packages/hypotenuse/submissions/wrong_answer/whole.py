# Whole numbers only.
import math

print(round(math.hypot(*map(int, input().split()))))
