import sys

words = sys.stdin.read().split()
balance = lowest = 0
for kind, amount in zip(words[1::2], words[2::2]):
    balance += int(amount) if kind == "in" else -int(amount)
    lowest = min(lowest, balance)
print(balance, lowest)
