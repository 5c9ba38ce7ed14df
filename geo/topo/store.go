package topo

import "maps"

const pageLen = 64

// vec is a persistent array: a copy shares pages with its origin and copies a page when it first writes to it.
type vec[T any] struct {
	pages []*[pageLen]T
	owned []bool
	n     int32
}

func (v *vec[T]) at(i int32) T { return v.pages[uint32(i)/pageLen][uint32(i)%pageLen] }

// ref is the place of an element, to be read only.
func (v *vec[T]) ref(i int32) *T { return &v.pages[uint32(i)/pageLen][uint32(i)%pageLen] }

func (v *vec[T]) copy() vec[T] {
	return vec[T]{pages: append(make([]*[pageLen]T, 0, len(v.pages)+1), v.pages...), owned: make([]bool, len(v.pages)), n: v.n}
}

func (v *vec[T]) set(i int32, t T) {
	p := uint32(i) / pageLen
	if !v.owned[p] {
		page := *v.pages[p]
		v.pages[p], v.owned[p] = &page, true
	}
	v.pages[p][uint32(i)%pageLen] = t
}

func (v *vec[T]) push(t T) int32 {
	if int(v.n) == len(v.pages)*pageLen {
		v.pages, v.owned = append(v.pages, new([pageLen]T)), append(v.owned, true)
	}
	v.n++
	v.set(v.n-1, t)
	return v.n - 1
}

const shards = 256

// slots is a persistent map from id to slot, copied shard by shard.
type slots struct {
	maps  [shards]map[int64]int32
	owned [shards]bool
}

func shardOf(id int64) int { return int(uint64(id) * 0x9E3779B97F4A7C15 >> 56) }

func (s *slots) get(id int64) (int32, bool) {
	slot, ok := s.maps[shardOf(id)][id]
	return slot, ok
}

func (s *slots) copy() *slots { return &slots{maps: s.maps} }

func (s *slots) own(id int64) map[int64]int32 {
	i := shardOf(id)
	if !s.owned[i] {
		s.owned[i] = true
		if s.maps[i] = maps.Clone(s.maps[i]); s.maps[i] == nil {
			s.maps[i] = map[int64]int32{}
		}
	}
	return s.maps[i]
}

// vertices numbers positions and knows which others each is joined to.
type vertices struct {
	table []int32 // number + 1, open addressing, length a power of two
	keys  []Vertex
	next  [][2]int32 // the first two different neighbours, -1 for none
	node  []bool
}

func newVertices(capacity int) *vertices {
	n := 16
	for n < capacity+capacity/2 {
		n *= 2
	}
	return &vertices{table: make([]int32, n), keys: make([]Vertex, 0, capacity)}
}

func hashOf(v Vertex) uint64 {
	h := uint64(v.X)*0x9E3779B97F4A7C15 ^ uint64(v.Y)*0xC2B2AE3D27D4EB4F
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	return h ^ h>>32
}

// find returns the number of v, or -1.
func (t *vertices) find(v Vertex) int32 {
	mask := uint64(len(t.table) - 1)
	for i := hashOf(v) & mask; ; i = (i + 1) & mask {
		id := t.table[i] - 1
		if id < 0 || t.keys[id] == v {
			return id
		}
	}
}

// id returns the number of v, giving it the next one when it is new.
func (t *vertices) id(v Vertex) int32 {
	mask := uint64(len(t.table) - 1)
	i := hashOf(v) & mask
	for ; ; i = (i + 1) & mask {
		id := t.table[i] - 1
		if id < 0 {
			break
		}
		if t.keys[id] == v {
			return id
		}
	}
	t.keys = append(t.keys, v)
	t.table[i] = int32(len(t.keys))
	if len(t.keys)*3 > len(t.table)*2 {
		t.table = make([]int32, 2*len(t.table))
		mask = uint64(len(t.table) - 1)
		for id, k := range t.keys {
			i := hashOf(k) & mask
			for t.table[i] != 0 {
				i = (i + 1) & mask
			}
			t.table[i] = int32(id) + 1
		}
	}
	return int32(len(t.keys)) - 1
}

// seal makes room for the edges; no vertex may be added afterwards.
func (t *vertices) seal() {
	t.next = make([][2]int32, len(t.keys))
	for i := range t.next {
		t.next[i] = [2]int32{-1, -1}
	}
	t.node = make([]bool, len(t.keys))
}

func (t *vertices) link(a, b int32) { t.half(a, b); t.half(b, a) }

func (t *vertices) half(a, b int32) {
	switch n := &t.next[a]; {
	case n[0] == b || n[1] == b:
	case n[0] < 0:
		n[0] = b
	case n[1] < 0:
		n[1] = b
	default:
		t.node[a] = true
	}
}

// isNode reports whether arcs end at the vertex: anything but exactly two neighbours, or forced.
func (t *vertices) isNode(a int32) bool { return t.node[a] || t.next[a][1] < 0 }
