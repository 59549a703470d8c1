class LruCache {
    int capacity;
    list<pair<int, int>> order;
    unordered_map<int, list<pair<int, int>>::iterator> places;

public:
    LruCache(int capacity) : capacity(capacity) {}

    int get(int key) {
        auto place = places.find(key);
        if (place == places.end()) return -1;
        order.splice(order.begin(), order, place->second);
        return place->second->second;
    }

    void put(int key, int value) {
        if (get(key) != -1) {
            order.front().second = value;
            return;
        }
        order.emplace_front(key, value);
        places[key] = order.begin();
        if (order.size() > capacity) {
            places.erase(order.back().first);
            order.pop_back();
        }
    }
};
