# Loaded by Python itself before every program: recursion goes as deep as the stack,
# which follows from the memory limit, instead of 1,000 calls.
def _allow_recursion():
    import resource
    import sys

    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    # In 3.11 and older, a call that passes through C code takes up to 1,300 bytes.
    sys.setrecursionlimit(max(1000, min(stack, 1 << 30) // 1536))


try:
    _allow_recursion()
except Exception:
    pass
del _allow_recursion
