"""Takes any point on the circle. ICPC convention: input, answer and a folder as
arguments, what was printed as standard input; 42 is right, 43 is wrong."""

import math
import sys

with open(sys.argv[1]) as file:
    x, y, r = map(float, file.read().split())

words = sys.stdin.buffer.read(10_000).split()
try:
    found = [float(word) for word in words]
except ValueError:
    sys.exit(43)
if len(found) != 2 or not all(map(math.isfinite, found)):
    sys.exit(43)
distance = math.hypot(found[0] - x, found[1] - y)
sys.exit(42 if abs(distance - r) <= max(1e-6, 1e-6 * r) else 43)
