class LruCache
  def initialize(capacity)
    @capacity = capacity
    @values = {}
  end

  def get(key)
    return -1 unless @values.key?(key)
    @values[key] = @values.delete(key)
  end

  def put(key, value)
    @values.delete(key)
    @values[key] = value
    @values.shift if @values.size > @capacity
  end
end
