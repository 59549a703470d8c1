import "container/list"

type LruCache struct {
	capacity int
	order    *list.List
	places   map[int]*list.Element
}

func Constructor(capacity int) LruCache {
	return LruCache{capacity, list.New(), map[int]*list.Element{}}
}

func (this *LruCache) Get(key int) int {
	place, ok := this.places[key]
	if !ok {
		return -1
	}
	this.order.MoveToFront(place)
	return place.Value.([2]int)[1]
}

func (this *LruCache) Put(key int, value int) {
	if place, ok := this.places[key]; ok {
		this.order.Remove(place)
	}
	this.places[key] = this.order.PushFront([2]int{key, value})
	if this.order.Len() > this.capacity {
		oldest := this.order.Remove(this.order.Back()).([2]int)
		delete(this.places, oldest[0])
	}
}
