class LruCache:
    # Forgets what was put first, used or not.
    def __init__(self, capacity: int):
        self.capacity = capacity
        self.values = {}

    def get(self, key: int) -> int:
        return self.values.get(key, -1)

    def put(self, key: int, value: int) -> None:
        self.values[key] = value
        if len(self.values) > self.capacity:
            del self.values[next(iter(self.values))]
