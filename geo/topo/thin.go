package topo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"
)

// Thinned is a Coverage simplified for several tolerances at once, the coarsest first.
type Thinned struct {
	c          *Coverage
	tolerances []float64
	weight     []float32
	keep       []uint8 // the coarsest level that shows the vertex
	restored   []int   // by level: vertices shown so that lines do not cross, or areas vanish
}

// ToleranceAt is the tolerance in metres of zoom z at a latitude in degrees: half a pixel of a map that shows a tile on
// 512 by 512 pixels.
func ToleranceAt(z uint8, latitude float64) float64 {
	return DefaultTolerance * equatorM / (1 << ExtentBits) / math.Exp2(float64(z)) * math.Cos(latitude*math.Pi/180)
}

// Simplify leaves out the vertices that the method gives up at each tolerance, in metres, 0 or more and falling. Arcs are
// simplified once for all areas along them; where two lines would cross or touch, an area would vanish, or a line would
// jump over the end of another, vertices stay until that is no longer so. What a tolerance shows, smaller ones show too.
// No position is changed. Shapes that cross in the data go on crossing.
func (c *Coverage) Simplify(ctx context.Context, m Method, tolerances []float64) (*Thinned, error) {
	for i, t := range tolerances {
		if !(t >= 0) || i > 0 && t > tolerances[i-1] || i >= dropped-1 {
			return nil, fmt.Errorf("simplify: tolerance %v m: want at most %d that are 0 or more and fall", t, dropped-1)
		}
	}
	weight, err := c.weigh(ctx, m)
	if err != nil {
		return nil, err
	}
	return c.thin(ctx, weight, tolerances)
}

// SimplifyTo simplifies to one level that keeps the share of the vertices that can be left out, 0 to 1, as near as
// restored vertices allow.
func (c *Coverage) SimplifyTo(ctx context.Context, m Method, share float64) (*Thinned, error) {
	if !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("simplify: share %v: want 0 to 1", share)
	}
	weight, err := c.weigh(ctx, m)
	if err != nil {
		return nil, err
	}
	inner := 0
	for _, w := range weight {
		if w != always {
			inner++
		}
	}
	tolerance := -1.0 // even vertices on straight lines stay
	if k := inner - int(math.Round(share*float64(inner))); k > 0 {
		tolerance = float64(nth(weight, k-1)) // always is larger than all that can be left out
	}
	return c.thin(ctx, weight, []float64{tolerance})
}

func (c *Coverage) thin(ctx context.Context, weight []float32, tolerances []float64) (*Thinned, error) {
	t := &Thinned{c: c, tolerances: tolerances, weight: weight, keep: make([]uint8, len(c.pts)), restored: make([]int, len(tolerances))}
	limits := make([]float32, len(tolerances))
	for i, tolerance := range tolerances {
		limits[i] = float32(tolerance)
	}
	if err := parallel(ctx, c.arcs(), func(a int) {
		for i := c.start[a]; i < c.start[a+1]; i++ {
			level := 0
			for level < len(limits) && limits[level] >= weight[i] {
				level++
			}
			if t.keep[i] = uint8(level); level == len(limits) {
				t.keep[i] = dropped
			}
		}
	}); err != nil {
		return nil, err
	}
	u := &weeder{Thinned: t, nodes: newNodes(c)}
	for level := range tolerances {
		if err := u.weed(ctx, uint8(level)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// side is a segment of an arc at one level, between two vertices by their places in Coverage.pts.
type side struct{ arc, i, j int32 }

// short reports whether the segment leaves vertices out.
func (s side) short() bool { return s.j-s.i > 1 }

type weeder struct {
	*Thinned
	nodes *nodes
}

// weed restores vertices at one level until no segment that leaves vertices out meets another, or has jumped over the
// end of an arc. Two segments of which neither leaves a vertex out are as the data have them.
func (u *weeder) weed(ctx context.Context, level uint8) error {
	fresh, err := u.collect(ctx, func(emit func(side), a int32) {
		u.eachSide(a, level, func(s side) {
			if s.short() {
				emit(s)
			}
		})
	})
	if err != nil {
		return err
	}
	for len(fresh) > 0 {
		bad, err := u.conflicts(ctx, level, fresh)
		if err != nil {
			return err
		}
		fresh = fresh[:0]
		for i, s := range bad {
			if i > 0 && bad[i-1] == s {
				continue
			}
			k := s.i + 1
			for m := k + 1; m < s.j; m++ {
				if u.weight[m] > u.weight[k] {
					k = m
				}
			}
			u.keep[k] = level
			u.restored[level]++
			fresh = append(fresh, side{s.arc, s.i, k}, side{s.arc, k, s.j})
		}
	}
	return nil
}

func (u *weeder) eachSide(a int32, level uint8, fn func(side)) {
	last := u.c.start[a]
	for i := last + 1; i < u.c.start[a+1]; i++ {
		if u.keep[i] <= level {
			fn(side{a, last, i})
			last = i
		}
	}
}

// collect calls fn for all arcs, on all processors, and returns what it emits, sorted.
func (u *weeder) collect(ctx context.Context, fn func(emit func(side), a int32)) ([]side, error) {
	workers := runtime.GOMAXPROCS(0)
	found := make([][]side, workers)
	g, ctx := errgroup.WithContext(ctx)
	n := u.c.arcs()
	for w := range workers {
		g.Go(func() error {
			emit := func(s side) { found[w] = append(found[w], s) }
			const block = 256
			for from := w * block; from < n; from += workers * block {
				if err := ctx.Err(); err != nil {
					return err
				}
				for a := from; a < min(from+block, n); a++ {
					fn(emit, int32(a))
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(found...)
	slices.SortFunc(out, func(a, b side) int { return cmp.Compare(a.i, b.i) })
	return out, nil
}

// conflicts lists, sorted, the segments that need a vertex because of the fresh ones.
func (u *weeder) conflicts(ctx context.Context, level uint8, fresh []side) ([]side, error) {
	made := make(chan *grid, 1)
	go func() { made <- newGrid(u.c, fresh) }() // on one processor, while the others look for jumps
	jumped, err := u.jumps(ctx, fresh)
	grid := <-made
	if err != nil {
		return nil, err
	}
	met, err := u.collect(ctx, func(emit func(side), a int32) {
		u.eachSide(a, level, func(t side) {
			grid.near(t, func(s side) {
				if s == t || !s.short() && !t.short() || !u.meets(s, t) {
					return
				}
				if s.short() {
					emit(s)
				}
				if t.short() {
					emit(t)
				}
			})
		})
	})
	if err != nil {
		return nil, err
	}
	out := append(met, jumped...)
	slices.SortFunc(out, func(a, b side) int { return cmp.Compare(a.i, b.i) })
	return out, nil
}

// meets reports whether two segments have more in common than one common end.
func (u *weeder) meets(s, t side) bool {
	p, q, r, v := u.c.pts[s.i], u.c.pts[s.j], u.c.pts[t.i], u.c.pts[t.j]
	if p == v || q == r {
		r, v = v, r
	}
	switch {
	case p == r && q == v:
		return true
	case p == r:
		return orientVertices(p, q, v) == 0 && ahead(p, q, v)
	case q == v:
		return orientVertices(q, p, r) == 0 && ahead(q, p, r)
	}
	o1, o2 := orientVertices(p, q, r), orientVertices(p, q, v)
	if o1 == o2 && o1 != 0 {
		return false
	}
	o3, o4 := orientVertices(r, v, p), orientVertices(r, v, q)
	return !(o3 == o4 && o3 != 0)
}

// jumps lists the fresh segments that leave the end of an arc on their wrong side: the end lies in the pocket between
// the segment and the vertices it replaces. An arc that crosses no other and jumps over no end runs as it did.
func (u *weeder) jumps(ctx context.Context, fresh []side) ([]side, error) {
	bad := make([]bool, len(fresh))
	err := parallel(ctx, len(fresh), func(n int) {
		s := fresh[n]
		if !s.short() {
			return
		}
		chain := u.c.pts[s.i : s.j+1]
		lo, hi := chain[0], chain[0]
		for _, v := range chain[1:] {
			lo.X, lo.Y = min(lo.X, v.X), min(lo.Y, v.Y)
			hi.X, hi.Y = max(hi.X, v.X), max(hi.Y, v.Y)
		}
		bad[n] = u.nodes.any(lo, hi, func(v Vertex) bool { return v != chain[0] && v != chain[len(chain)-1] && winds(chain, v) })
	})
	var out []side
	for n, is := range bad {
		if is {
			out = append(out, fresh[n])
		}
	}
	return out, err
}

// winds reports whether the closed ring goes round v; a vertex on it is not.
func winds(ring []Vertex, v Vertex) bool {
	turns := 0
	a := ring[len(ring)-1]
	for _, b := range ring {
		if min(a.Y, b.Y) <= v.Y && v.Y <= max(a.Y, b.Y) {
			o := orientVertices(a, b, v)
			if o == 0 && min(a.X, b.X) <= v.X && v.X <= max(a.X, b.X) {
				return false
			}
			switch {
			case a.Y <= v.Y && b.Y > v.Y && o > 0:
				turns++
			case b.Y <= v.Y && a.Y > v.Y && o < 0:
				turns--
			}
		}
		a = b
	}
	return turns != 0
}

// Shapes are the areas at one level, parallel to those the Coverage was made of. The sense of rings and which is the
// shell stay; a ring begins where its first arc does.
func (t *Thinned) Shapes(level int) []orb.MultiPolygon {
	out := make([]orb.MultiPolygon, len(t.c.shapes))
	_ = parallel(context.Background(), len(out), func(i int) {
		for _, p := range t.c.shapes[i] {
			poly := make(orb.Polygon, 0, len(p))
			for _, refs := range p {
				poly = append(poly, t.ring(refs, uint8(level)))
			}
			out[i] = append(out[i], poly)
		}
	})
	return out
}

func (t *Thinned) ring(refs []Ref, level uint8) orb.Ring {
	n := 1
	for _, r := range refs {
		for _, k := range t.keep[t.c.start[r.Slot()]+1 : t.c.start[r.Slot()+1]] {
			if k <= level {
				n++
			}
		}
	}
	ring := make(orb.Ring, 0, n)
	for _, r := range refs {
		lo, hi := t.c.start[r.Slot()], t.c.start[r.Slot()+1]
		for k := lo; k < hi-1; k++ {
			i := k
			if r.Reversed() {
				i = hi - 1 - (k - lo)
			}
			if t.keep[i] <= level {
				ring = append(ring, t.c.pts[i].point())
			}
		}
	}
	return append(ring, ring[0])
}

// Restored is how many vertices of the level stay only so that nothing crosses, vanishes or jumps.
func (t *Thinned) Restored(level int) int { return t.restored[level] }

// Kept is how many vertices the level shows, each border once.
func (t *Thinned) Kept(level int) (n int) {
	for _, k := range t.keep {
		if k <= uint8(level) {
			n++
		}
	}
	return n
}
