class LruCache {
    private $capacity;
    private $values = [];

    function __construct($capacity) {
        $this->capacity = $capacity;
    }

    function get($key) {
        if (!isset($this->values[$key])) return -1;
        $value = $this->values[$key];
        unset($this->values[$key]);
        return $this->values[$key] = $value;
    }

    function put($key, $value) {
        unset($this->values[$key]);
        $this->values[$key] = $value;
        if (count($this->values) > $this->capacity) unset($this->values[array_key_first($this->values)]);
    }
}
