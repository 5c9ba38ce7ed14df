package shp

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"yutu/data/exchange/internal/inside"
)

// nester sorts the rings of a shape into areas and holes by which lies in which. The specification tells them
// apart by the sense in which they run, and files of the wild do not keep to it.
type nester struct {
	points, work int64 // over the whole file: bounds what hostile shapes may cost
}

// oddity is the first ring that runs against its place while others of the same shape run with theirs.
type oddity struct {
	ring  int // counts from 1
	hole  bool
	count int
}

// The work that a file may cost, in edges looked at, per vertex and on top. Real borders with many islands stay
// below a hundred per vertex.
const (
	workPerVertex = 500
	workFree      = 10_000_000
	// candidatesPerRing bounds into how many boxes of other rings a ring may fall, on average.
	candidatesPerRing = 64
)

// assemble builds the areas. ok is false when the rings lie in one another so deep or so wildly that sorting
// them would cost more than the file is worth.
func (n *nester) assemble(rings []orb.Ring) (mp orb.MultiPolygon, odd *oddity, ok bool) {
	switch len(rings) {
	case 0:
		return nil, nil, true
	case 1:
		return orb.MultiPolygon{{rings[0]}}, nil, true
	}
	areas := make([]float64, len(rings)) // positive: counter-clockwise
	order := make([]int, len(rings))
	for i, r := range rings {
		areas[i], order[i] = signedArea2(r), i
		n.points += int64(len(r))
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := math.Abs(areas[a]), math.Abs(areas[b]); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	var tree rtree.RTreeG[int] // of positions in order
	depth := make([]int, len(rings))
	within := make([]int, len(rings)) // the smallest ring around this one
	indexed := make([]*inside.Ring, len(rings))
	candidates := 0
	for pos, i := range order {
		box := rings[i].Bound()
		within[i] = -1
		last := -1
		tree.Search(box.Min, box.Max, func(lo, hi [2]float64, at int) bool {
			candidates++
			if lo[0] > box.Min[0] || lo[1] > box.Min[1] || hi[0] < box.Max[0] || hi[1] < box.Max[1] {
				return true
			}
			outer := order[at]
			if indexed[outer] == nil {
				indexed[outer] = inside.New(rings[outer])
			}
			if n.contains(indexed[outer], rings[i]) {
				if depth[i]++; at > last {
					last, within[i] = at, outer
				}
			}
			return n.work <= workFree+workPerVertex*n.points
		})
		if candidates > candidatesPerRing*len(rings)+4096 || n.work > workFree+workPerVertex*n.points {
			return nil, nil, false
		}
		tree.Insert(box.Min, box.Max, pos)
	}
	// Areas in the order of the file, holes behind them in theirs.
	place := make([]int, len(rings))
	for i, r := range rings {
		if depth[i]%2 == 0 {
			place[i] = len(mp)
			mp = append(mp, orb.Polygon{r})
		}
	}
	for i, r := range rings {
		if depth[i]%2 == 1 {
			mp[place[within[i]]] = append(mp[place[within[i]]], r)
		}
	}
	return mp, oddOne(areas, depth), true
}

// contains reports whether the ring lies inside, judged by its first vertex that is not on the border, or by
// the middle of an edge when all vertices are.
func (n *nester) contains(outer *inside.Ring, r orb.Ring) bool {
	before := outer.Work
	defer func() { n.work += outer.Work - before }()
	for _, p := range r {
		if s := outer.Locate(p); s != inside.On {
			return s == inside.In
		}
	}
	for i := range len(r) - 1 {
		mid := orb.Point{(r[i][0] + r[i+1][0]) / 2, (r[i][1] + r[i+1][1]) / 2}
		if s := outer.Locate(mid); s != inside.On {
			return s == inside.In
		}
	}
	return false
}

// oddOne finds rings that run against their place. A shape in which all do was written by a program that
// turns the rule round, and nothing is in doubt.
func oddOne(areas []float64, depth []int) *oddity {
	var odd oddity
	with := 0
	for i, a := range areas {
		hole := depth[i]%2 == 1
		switch {
		case a == 0:
		case a > 0 == hole: // the specification: areas run clockwise, holes counter-clockwise
			with++
		default:
			if odd.count++; odd.count == 1 {
				odd.ring, odd.hole = i+1, hole
			}
		}
	}
	if odd.count == 0 || with == 0 {
		return nil
	}
	return &odd
}

// signedArea2 is twice the planar area in square units of the file, relative to the first vertex so that large
// coordinates do not cancel; positive for counter-clockwise.
func signedArea2(r orb.Ring) float64 {
	var sum float64
	if len(r) == 0 {
		return 0
	}
	o := r[0]
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		sum += (a[0]-o[0])*(b[1]-o[1]) - (b[0]-o[0])*(a[1]-o[1])
	}
	return sum
}
