typedef struct {
    int capacity, size, clock;
    int keys[4096], values[4096], used[4096];
} LruCache;

LruCache* lruCacheCreate(int capacity) {
    LruCache* obj = calloc(1, sizeof(LruCache));
    obj->capacity = capacity;
    return obj;
}

static int find(LruCache* obj, int key) {
    for (int i = 0; i < obj->size; i++)
        if (obj->keys[i] == key) return i;
    return -1;
}

int lruCacheGet(LruCache* obj, int key) {
    int at = find(obj, key);
    if (at < 0) return -1;
    obj->used[at] = ++obj->clock;
    return obj->values[at];
}

void lruCachePut(LruCache* obj, int key, int value) {
    int at = find(obj, key);
    if (at < 0 && obj->size < obj->capacity) at = obj->size++;
    if (at < 0) {
        at = 0;
        for (int i = 1; i < obj->size; i++)
            if (obj->used[i] < obj->used[at]) at = i;
    }
    obj->keys[at] = key;
    obj->values[at] = value;
    obj->used[at] = ++obj->clock;
}

void lruCacheFree(LruCache* obj) { free(obj); }
