public class LruCache {
    private readonly int capacity;
    private readonly LinkedList<int[]> order = new LinkedList<int[]>();
    private readonly Dictionary<int, LinkedListNode<int[]>> places = new Dictionary<int, LinkedListNode<int[]>>();

    public LruCache(int capacity) {
        this.capacity = capacity;
    }

    public int Get(int key) {
        LinkedListNode<int[]> place;
        if (!places.TryGetValue(key, out place)) return -1;
        order.Remove(place);
        order.AddFirst(place);
        return place.Value[1];
    }

    public void Put(int key, int value) {
        if (places.ContainsKey(key)) order.Remove(places[key]);
        places[key] = order.AddFirst(new[] { key, value });
        if (order.Count > capacity) {
            places.Remove(order.Last.Value[0]);
            order.RemoveLast();
        }
    }
}
