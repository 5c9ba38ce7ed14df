package fit

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// side is an edge of the outer border of an area, in degrees.
type side struct {
	area int32
	a, b orb.Point
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
				sides = append(sides, side{a, c.p.Vertices[pts[i-1]].Point(), c.p.Vertices[pts[i]].Point()})
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
		foreign := func(o *side) bool { return o.area != s.area }
		b, _ := g.nearest(s.a, foreign)
		b2, _ := g.nearest(s.b, foreign)
		if b == nil || b2 == nil || b.area != b2.area {
			continue
		}
		k := pair{min(s.area, b.area), max(s.area, b.area)}
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

// nearest finds the side that is nearest to p within the distance of the grid, of those for which ok holds.
func (g *grid) nearest(p orb.Point, ok func(*side) bool) (s *side, distM float64) {
	kx, ky := degreeM(p[1])
	at := g.cell(p)
	best := g.near
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			sides := g.cells[[2]int32{at[0] + dx, at[1] + dy}]
			for _, i := range sides[:min(len(sides), gridCrowd)] {
				o := &g.sides[i]
				if !ok(o) {
					continue
				}
				if d := distanceM(p, o.a, o.b, kx, ky); d <= best {
					best, s = d, o
				}
			}
		}
	}
	return s, best
}

// distanceM is the distance in metres of p from the segment a b on a plane on which a degree of longitude has kx and a degree
// of latitude ky metres.
func distanceM(p, a, b orb.Point, kx, ky float64) float64 {
	px, py := (p[0]-a[0])*kx, (p[1]-a[1])*ky
	dx, dy := (b[0]-a[0])*kx, (b[1]-a[1])*ky
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(1, max(0, (px*dx+py*dy)/l))
	}
	return math.Hypot(px-t*dx, py-t*dy)
}
