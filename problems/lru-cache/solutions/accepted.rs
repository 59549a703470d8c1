use std::collections::{BTreeMap, HashMap};

struct LruCache {
    capacity: usize,
    clock: u64,
    values: HashMap<i32, (i32, u64)>,
    used: BTreeMap<u64, i32>,
}

impl LruCache {
    fn new(capacity: i32) -> Self {
        Self { capacity: capacity as usize, clock: 0, values: HashMap::new(), used: BTreeMap::new() }
    }

    fn get(&mut self, key: i32) -> i32 {
        let Some(&(value, used)) = self.values.get(&key) else { return -1 };
        self.used.remove(&used);
        self.put_new(key, value);
        value
    }

    fn put(&mut self, key: i32, value: i32) {
        if let Some((_, used)) = self.values.remove(&key) {
            self.used.remove(&used);
        }
        self.put_new(key, value);
        if self.values.len() > self.capacity {
            let (_, oldest) = self.used.pop_first().unwrap();
            self.values.remove(&oldest);
        }
    }

    fn put_new(&mut self, key: i32, value: i32) {
        self.clock += 1;
        self.values.insert(key, (value, self.clock));
        self.used.insert(self.clock, key);
    }
}
