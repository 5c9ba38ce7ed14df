package topo

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// cutting numbers the vertices of many rings, all at once on all processors, and cuts the rings at nodes. Which of the
// places of a vertex gives it its number is a matter of chance; what is cut is not.
type cutting struct {
	all   []Vertex // the rings one after the other
	rings []ringAt
	// ids has for each place in all the number of its vertex, the complement of it where that is a node.
	ids   []int32
	found map[uint64]int32 // first edge of each arc in its own sense → its number
	arcs  []cutArc
	nodes []int32
}

// ringAt is where a ring of n vertices, the first not repeated, begins in cutting.all; n is 0 for a ring without an area.
type ringAt struct{ at, n int32 }

// step is the place that lies by vertices on from a place of the ring, round and round.
func (r ringAt) step(place, by int32) int32 {
	if place += by % r.n; place >= r.at+r.n {
		place -= r.n
	}
	return place
}

// cutArc is a run of n vertices of a ring from a place on; reversed when the arc runs against it.
type cutArc struct {
	ring     ringAt
	from, n  int32
	reversed bool
}

func cuttingOf(ctx context.Context, shapes []orb.MultiPolygon) (*cutting, error) {
	k := &cutting{found: map[uint64]int32{}}
	first := make([]int, len(shapes)) // ring of each shape
	total := 0
	for i, s := range shapes {
		first[i] = len(k.rings)
		for _, p := range s {
			for _, r := range p {
				k.rings = append(k.rings, ringAt{at: int32(total)})
				if total += len(r); total > math.MaxInt32/2 {
					return nil, fmt.Errorf("coverage: more than %d vertices cannot be simplified at once", math.MaxInt32/2)
				}
			}
		}
	}
	k.all, k.ids = make([]Vertex, total), make([]int32, total)
	wrong := make([]error, len(shapes))
	if err := parallel(ctx, len(shapes), func(i int) {
		n := first[i]
		for _, p := range shapes[i] {
			for _, r := range p {
				if err := k.read(&k.rings[n], r); err != nil && wrong[i] == nil {
					wrong[i] = fmt.Errorf("coverage: shape %d: %w", i, err)
				}
				n++
			}
		}
	}); err != nil {
		return nil, err
	}
	for _, err := range wrong {
		if err != nil {
			return nil, err
		}
	}
	if err := k.number(ctx); err != nil {
		return nil, err
	}
	return k, k.mark(ctx)
}

// read puts a ring into its place, without repeated vertices.
func (k *cutting) read(r *ringAt, ring orb.Ring) error {
	dst := k.all[r.at:r.at]
	for _, p := range ring {
		v, err := vertexOf(p)
		if err != nil {
			return err
		}
		if n := len(dst); n == 0 || dst[n-1] != v {
			dst = append(dst, v)
		}
	}
	for len(dst) > 1 && dst[0] == dst[len(dst)-1] {
		dst = dst[:len(dst)-1]
	}
	if len(dst) >= 3 {
		r.n = int32(len(dst))
	}
	return nil
}

// number gives equal vertices the same number: the place of the one that came first into the table.
func (k *cutting) number(ctx context.Context) error {
	size := 16
	for size < len(k.all)+len(k.all)/2 {
		size *= 2
	}
	table := make([]atomic.Uint32, size) // place + 1, open addressing
	mask := uint64(size - 1)
	id := func(i int32) int32 {
		v := k.all[i]
		for h := hashOf(v) & mask; ; h = (h + 1) & mask {
			s := table[h].Load()
			if s == 0 {
				if table[h].CompareAndSwap(0, uint32(i)+1) {
					return i
				}
				s = table[h].Load()
			}
			if k.all[s-1] == v {
				return int32(s - 1)
			}
		}
	}
	return parallel(ctx, len(k.rings), func(n int) {
		r := k.rings[n]
		for i := r.at; i < r.at+r.n; i++ {
			k.ids[i] = id(i)
		}
	})
}

// mark finds the nodes: vertices that do not have the same two neighbours wherever they occur.
func (k *cutting) mark(ctx context.Context) error {
	const isNode = math.MaxUint64
	neighbours := make([]atomic.Uint64, len(k.all)) // of each number: its two neighbours, 0 for not yet known
	if err := parallel(ctx, len(k.rings), func(n int) {
		r := k.rings[n]
		for i := r.at; i < r.at+r.n; i++ {
			p, q := k.ids[r.step(i, r.n-1)], k.ids[r.step(i, 1)]
			both := uint64(min(p, q))<<32 | uint64(max(p, q))
			if p == q { // the tip of a spike
				both = isNode
			}
			at := &neighbours[k.ids[i]]
			if before := at.Load(); before == both || before == isNode || before == 0 && at.CompareAndSwap(0, both) {
				continue
			}
			if at.Load() != both {
				at.Store(isNode)
			}
		}
	}); err != nil {
		return err
	}
	return parallel(ctx, len(k.rings), func(n int) {
		r := k.rings[n]
		for i := r.at; i < r.at+r.n; i++ {
			if id := k.ids[i]; neighbours[id].Load() == isNode {
				k.ids[i] = ^id
			}
		}
	})
}

func (k *cutting) ring(r ringAt) []Ref {
	k.nodes = k.nodes[:0]
	for i := r.at; i < r.at+r.n; i++ {
		if k.ids[i] < 0 {
			k.nodes = append(k.nodes, i)
		}
	}
	if len(k.nodes) == 0 {
		start := r.at
		for i := r.at + 1; i < r.at+r.n; i++ {
			if k.all[i].less(k.all[start]) {
				start = i
			}
		}
		k.nodes = append(k.nodes, start)
	}
	refs := make([]Ref, len(k.nodes))
	for j, from := range k.nodes {
		to := k.nodes[(j+1)%len(k.nodes)]
		n := to - from
		if n <= 0 {
			n += r.n
		}
		refs[j] = k.piece(cutArc{ring: r, from: from, n: n + 1})
	}
	return refs
}

// piece finds or makes the arc of these vertices; see edit.piece.
func (k *cutting) piece(a cutArc) Ref {
	at := func(i int32) int32 { return a.ring.step(a.from, i) }
	lo, hi := k.all[at(0)], k.all[at(a.n-1)]
	if lo == hi {
		lo, hi = k.all[at(1)], k.all[at(a.n-2)]
	}
	begin, then := at(0), at(1)
	if a.reversed = hi.less(lo); a.reversed {
		begin, then = at(a.n-1), at(a.n-2)
	}
	number := func(place int32) int32 { return max(k.ids[place], ^k.ids[place]) }
	key := edgeKey(number(begin), number(then))
	arc, ok := k.found[key]
	if !ok {
		arc = int32(len(k.arcs))
		k.found[key] = arc
		k.arcs = append(k.arcs, a)
	}
	return refOf(arc, a.reversed)
}
