package audit

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo/internal/plane"
	"yutu/geo/topo/valid"
)

// invalid asks geo/topo/valid about the areas whose borders meet themselves.
func (c *check) invalid() {
	for _, a := range c.p.Selves {
		for _, v := range valid.Check(c.areas[a].Geom) {
			if v.Rule != valid.DuplicateVertex {
				c.add(Conflict{Kind: Invalid, Rank: c.areas[a].Rank, Areas: []int{int(a)}, At: v.Position, Rule: v.Rule})
			}
		}
	}
}

// maxPairs bounds how many pairs of areas over the same faces are followed, for data in which everything lies over everything.
const maxPairs = 5_000_000

type pair struct{ a, b int32 }

func (c *check) overlaps() {
	over := map[pair][]int32{}
	left := maxPairs
	for f := 1; f < len(c.p.Faces); f++ {
		cover := c.p.Faces[f].Cover
		for i, a := range cover {
			for _, b := range cover[i+1:] {
				if c.areas[a].Rank != c.areas[b].Rank {
					continue
				}
				if left--; left < 0 {
					c.report.Omitted[Overlap]++
					continue
				}
				over[pair{a, b}] = append(over[pair{a, b}], int32(f))
			}
		}
	}
	c.each(over, func(k pair, faces []int32) {
		c.region(Conflict{Kind: Overlap, Rank: c.areas[k.a].Rank, Areas: []int{int(k.a), int(k.b)}}, faces)
	})
}

// each calls fn for the connected groups of every entry, in a fixed order.
func (c *check) each(by map[pair][]int32, fn func(pair, []int32)) {
	keys := slices.SortedFunc(maps.Keys(by), func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for _, k := range keys {
		for _, group := range c.p.Connected(by[k], &c.marks) {
			fn(k, group)
		}
	}
}

// uncovered finds ground without an area of a rank: gaps, holes, and what units leave of the unit above.
func (c *check) uncovered() {
	for _, rank := range c.ranks {
		empty := map[pair][]int32{}
		for f := range c.p.Faces {
			upper, open := c.above(int32(f), rank)
			if open {
				empty[pair{upper, 0}] = append(empty[pair{upper, 0}], int32(f))
			}
		}
		c.each(empty, func(k pair, faces []int32) {
			if slices.Contains(faces, 0) {
				c.near(rank, faces)
				return
			}
			c.lacking(rank, k.a, faces)
		})
	}
}

// above looks whether a face lacks an area of the rank, and gives the lowest unit above that covers it, −1 for none.
func (c *check) above(f int32, rank uint8) (upper int32, open bool) {
	upper = -1
	for _, a := range c.p.Faces[f].Cover {
		switch r := c.areas[a].Rank; {
		case r == rank:
			return 0, false
		case r > rank:
		case !slices.Contains(c.divide[a], rank):
			return 0, false // not divided: nothing is missing
		case upper < 0 || r > c.areas[upper].Rank:
			upper = a
		}
	}
	return upper, true
}

// lacking judges one region that no area of the rank covers.
func (c *check) lacking(rank uint8, upper int32, faces []int32) {
	around := map[int32]bool{}
	atBorder := false
	for _, h := range c.p.Border(faces, &c.marks) {
		for _, a := range c.p.Faces[c.p.Right(h)].Cover {
			if c.areas[a].Rank == rank {
				around[a] = true
			}
		}
		atBorder = atBorder || upper >= 0 && slices.Contains(c.p.Arcs[h.Arc()].Areas, upper)
	}
	x := Conflict{Kind: Gap, Rank: rank, Areas: named(around)}
	switch {
	case upper >= 0 && (atBorder || len(around) == 0):
		x.Kind, x.Areas = Uncovered, append([]int{int(upper)}, x.Areas...)
	case upper < 0 && len(around) == 0:
		return // between upper units only: theirs to say
	case upper < 0 && len(around) == 1:
		x.Kind = Hole
	}
	c.region(x, faces)
}

func (c *check) outside() {
	out := map[pair][]int32{}
	for f := 1; f < len(c.p.Faces); f++ {
		cover := c.p.Faces[f].Cover
		for _, a := range cover {
			if p := c.parent[a]; p >= 0 && !slices.Contains(cover, int32(p)) {
				out[pair{a, int32(p)}] = append(out[pair{a, int32(p)}], int32(f))
			}
		}
	}
	c.each(out, func(k pair, faces []int32) {
		c.region(Conflict{Kind: Outside, Rank: c.areas[k.a].Rank, Areas: []int{int(k.a), int(k.b)}}, faces)
	})
}

func (c *check) junctions() {
	for _, j := range c.p.Junctions {
		// Among those that have the edge, one that lacks the vertex; others may have both, as an area that meets itself has.
		i := slices.IndexFunc(j.Edge, func(a int32) bool { return !slices.Contains(j.Areas, a) })
		if i < 0 {
			continue
		}
		c.add(Conflict{Kind: Junction, Rank: c.areas[j.Edge[i]].Rank, Areas: []int{int(j.Areas[0]), int(j.Edge[i])}, At: j.At.Point()})
	}
}

// parts finds the enclaves and exclaves of every area.
func (c *check) parts() {
	of := make([][]int32, len(c.areas))
	for f := 1; f < len(c.p.Faces); f++ {
		for _, a := range c.p.Faces[f].Cover {
			of[a] = append(of[a], int32(f))
		}
	}
	for a, faces := range of {
		groups := c.p.Connected(faces, &c.marks)
		size := make([]float64, len(groups))
		main := 0
		for i, g := range groups {
			if len(groups) == 1 {
				break
			}
			for _, f := range g {
				size[i] += c.p.PlanarArea(f)
			}
			if size[i] > size[main] {
				main = i
			}
		}
		for i, g := range groups {
			beside, open := c.beside(a, g)
			if len(beside) == 0 {
				continue
			}
			x := Conflict{Kind: Enclave, Rank: c.areas[a].Rank, Areas: append([]int{a}, named(beside)...)}
			if i != main {
				x.Kind = Exclave
			} else if open || len(beside) > 1 {
				continue
			}
			c.region(x, g)
		}
	}
}

// beside are the other areas of the rank around a part; open tells that some of its border has none.
func (c *check) beside(a int, faces []int32) (beside map[int32]bool, open bool) {
	beside = map[int32]bool{}
	for _, h := range c.p.Border(faces, &c.marks) {
		found := false
		for _, b := range c.p.Faces[c.p.Right(h)].Cover {
			if c.areas[b].Rank == c.areas[a].Rank {
				beside[b], found = true, true
			}
		}
		open = open || !found
	}
	// What covers the part itself overlaps it and does not enclose it.
	for _, f := range faces {
		for _, b := range c.p.Faces[f].Cover {
			delete(beside, b)
		}
	}
	return beside, open
}

// side is an edge of the outer border of an area, in degrees.
type side struct {
	area int32
	a, b orb.Point
	arc  int32
}

// near finds outer borders of different areas that run along each other: an open gap, thinner than NearM and at least
// nearRun times as long. A wedge between the outer borders of two neighbours is that thin near its point only.
func (c *check) near(rank uint8, faces []int32) {
	var sides []side
	for _, h := range c.p.Border(faces, &c.marks) {
		for _, a := range c.p.Faces[c.p.Right(h)].Cover {
			if c.areas[a].Rank != rank {
				continue
			}
			pts := c.p.Points(h)
			for i := 1; i < len(pts); i++ {
				sides = append(sides, side{a, c.p.Vertices[pts[i-1]].Point(), c.p.Vertices[pts[i]].Point(), h.Arc()})
			}
			break
		}
	}
	c.nearSides(rank, sides)
}

// nearRun is how many times longer than NearM borders must run along each other to be told.
const nearRun = 5

func (c *check) nearSides(rank uint8, sides []side) {
	g := newGrid(sides, c.o.NearM)
	type run struct {
		vertices int
		length   float64
		at       orb.Point
	}
	runs := map[pair]*run{}
	for i := range sides {
		s := &sides[i]
		b, ok := g.nearest(s, s.a)
		b2, ok2 := g.nearest(s, s.b)
		if !ok || !ok2 || b != b2 {
			continue
		}
		k := pair{min(s.area, b), max(s.area, b)}
		r := runs[k]
		if r == nil {
			r = &run{at: s.a}
			runs[k] = r
		}
		r.vertices++
		kx, ky := degreeM(s.a[1])
		r.length += math.Hypot((s.a[0]-s.b[0])*kx, (s.a[1]-s.b[1])*ky)
	}
	for _, k := range slices.SortedFunc(maps.Keys(runs), func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) }) {
		// Both sides of a run count their own edges.
		if r := runs[k]; r.length/2 >= nearRun*c.o.NearM {
			c.add(Conflict{Kind: Near, Rank: rank, Areas: []int{int(k.a), int(k.b)}, At: r.at, LengthM: r.length / 2, Vertices: r.vertices})
		}
	}
}

// grid finds sides near a point, by squares of the ground.
type grid struct {
	sides  []side
	size   float64 // metres
	kx, ky float64
	near   float64
	cells  map[[2]int32][]int32
}

// gridSpread bounds the squares of one side: longer ones are looked at by their ends only.
const gridSpread = 4096

// gridCrowd bounds how many sides of one square are looked at.
const gridCrowd = 1024

func newGrid(sides []side, nearM float64) *grid {
	g := &grid{sides: sides, near: nearM, size: max(4*nearM, 20), cells: map[[2]int32][]int32{}}
	if len(sides) == 0 {
		return g
	}
	g.kx, g.ky = degreeM(sides[0].a[1])
	for i := range sides {
		s := &sides[i]
		a, b := g.cell(s.a), g.cell(s.b)
		steps := max(abs(a[0]-b[0]), abs(a[1]-b[1]))
		if steps > gridSpread {
			steps = 1
		}
		var last [2]int32
		for k := range 2*steps + 1 {
			f := float64(k) / float64(max(2*steps, 1))
			at := g.cell(orb.Point{s.a[0] + f*(s.b[0]-s.a[0]), s.a[1] + f*(s.b[1]-s.a[1])})
			if k == 0 || at != last {
				g.cells[at] = append(g.cells[at], int32(i))
			}
			last = at
		}
	}
	return g
}

func abs(v int32) int32 { return max(v, -v) }

func (g *grid) cell(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] * g.kx / g.size)), int32(math.Floor(p[1] * g.ky / g.size))}
}

// nearest finds the area of a side, not that of s and not ending at p, within the distance of p.
func (g *grid) nearest(s *side, p orb.Point) (area int32, ok bool) {
	kx, ky := degreeM(p[1])
	at := g.cell(p)
	best := g.near
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			sides := g.cells[[2]int32{at[0] + dx, at[1] + dy}]
			for _, i := range sides[:min(len(sides), gridCrowd)] {
				o := &g.sides[i]
				if o.area == s.area {
					continue
				}
				if d := plane.DistanceM(p, o.a, o.b, kx, ky); d < best {
					best, area, ok = d, o.area, true
				}
			}
		}
	}
	return area, ok
}
