# Forgets that the beginning counts: a till that is never in the red was at 0.
import sys

words = sys.stdin.read().split()
balance, lowest = 0, None
for kind, amount in zip(words[1::2], words[2::2]):
    balance += int(amount) if kind == "in" else -int(amount)
    lowest = balance if lowest is None else min(lowest, balance)
print(balance, lowest or 0)
