// Package plane is the arrangement of areas: every border of every area cut where any two meet, the arcs between the
// places where more than two edges meet, and the faces between the arcs, each with the set of areas that cover it.
//
// Everything is exact on the grid of 1e-9 degree. Borders that cross are cut at the grid point nearest to the crossing, by
// snap rounding (J. D. Hobby, Practical segment intersection with finite precision output, 1999): an edge moves by less
// than one grid step, 0.1 mm, and no edge passes a vertex nearer than half a step without going through it. A clean mesh
// stays as it is, vertex for vertex.
//
// An area covers what an odd number of its rings go around, so that the sense of rings does not matter and rings that
// cross themselves have a meaning.
package plane

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
)

// Vertex is a position in steps of 1e-9 degree, longitude X and latitude Y.
type Vertex struct{ X, Y int64 }

// Point is the position in degrees.
func (v Vertex) Point() orb.Point {
	return crs.Snap(orb.Point{float64(v.X) * crs.Quantum, float64(v.Y) * crs.Quantum})
}

// VertexOf puts a position on the grid. The error says which position is not on the earth.
func VertexOf(p orb.Point) (Vertex, error) {
	// Written so that NaN fails.
	if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
		return Vertex{}, fmt.Errorf("position lon %v lat %v is outside lon ±180°, lat ±90°", p[0], p[1])
	}
	return Vertex{int64(math.Round(p[0] * 1e9)), int64(math.Round(p[1] * 1e9))}, nil
}

func (v Vertex) less(o Vertex) bool { return v.X < o.X || v.X == o.X && v.Y < o.Y }

// ErrTangled means that so many edges lie over each other that the arrangement would not end. No map is like that.
var ErrTangled = errors.New("too many edges lie over each other")

// Half is an arc in one of its two senses: the arc's number times two, plus one against the order of its vertices.
type Half int32

// Arc is the number of the arc.
func (h Half) Arc() int32 { return int32(h) >> 1 }

// Twin is the same arc in the other sense.
func (h Half) Twin() Half { return h ^ 1 }

// Arc is a run of vertices between two nodes, or a closed one.
type Arc struct {
	// Pts are numbers of vertices, at least two.
	Pts []int32
	// Areas lie on one side of the arc only; sorted.
	Areas []int32
	// Uses is how many rings run along the arc; more than len(Areas) where an area runs along it twice.
	Uses int
	sum  int128
}

// Face is a piece of ground without a border in it. Faces[0] is what lies outside of everything.
type Face struct {
	// Cover are the areas that cover the face; sorted.
	Cover []int32
	// Halves are the arcs around it, the face on their left.
	Halves []Half
}

// Junction is a vertex that lies on an edge of others, to within the grid, without being a vertex of theirs.
type Junction struct {
	At Vertex
	// Areas have the vertex, Edge are those that have the edge.
	Areas, Edge []int32
}

// Plane is an arrangement. It is immutable once built and safe for concurrent use.
type Plane struct {
	Vertices []Vertex
	Arcs     []Arc
	Faces    []Face
	// Nodes is how many vertices end arcs.
	Nodes int
	// Junctions are sorted by position. Crossings are where edges crossed without a vertex.
	Junctions []Junction
	Crossings []Vertex
	// Selves are areas whose rings meet themselves or each other, so that they may be invalid; sorted.
	Selves []int32
	// Inserted are areas whose rings got a vertex that they did not have; sorted.
	Inserted []int32
	left     []int32 // by half: the face on its left
	cw       []Half  // by half: the next one clockwise of those that leave the same vertex
}

// Left is the face on the left of the half arc.
func (p *Plane) Left(h Half) int32 { return p.left[h] }

// Right is the face on the right of the half arc.
func (p *Plane) Right(h Half) int32 { return p.left[h.Twin()] }

// Points are the vertices of the half arc in its sense.
func (p *Plane) Points(h Half) []int32 {
	pts := p.Arcs[h.Arc()].Pts
	if h&1 == 0 {
		return pts
	}
	out := slices.Clone(pts)
	slices.Reverse(out)
	return out
}

// ring is an open ring of vertex numbers.
type ring struct {
	area int32
	ids  []int32
}

// builder is a Plane in the making.
type builder struct {
	*Plane
	ctx   context.Context
	table table
	rings []ring
	next  [][2]int32 // by vertex: its first two different neighbours, −1 for none
	node  []bool
	owner [][]int32 // by arc: the area of each use
	given int       // vertices before any were put in
}

// rounds bounds how often edges are cut. Snap rounding needs one round, and a second to see that it did.
const rounds = 6

// Build makes the arrangement of the areas. Rings of fewer than three different positions cover nothing. The errors are
// ErrTangled, the context's, and a position that is not on the earth.
func Build(ctx context.Context, areas []orb.MultiPolygon) (*Plane, error) {
	b := &builder{Plane: &Plane{}, ctx: ctx}
	if err := b.read(areas); err != nil {
		return nil, err
	}
	for round := 0; ; round++ {
		if err := b.cut(); err != nil {
			return nil, err
		}
		more, err := b.cross(round == 0)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if round == rounds {
			return nil, ErrTangled
		}
	}
	b.Vertices = b.table.keys
	if err := b.close(); err != nil {
		return nil, err
	}
	slices.Sort(b.Inserted)
	b.Inserted = slices.Compact(b.Inserted)
	slices.Sort(b.Selves)
	b.Selves = slices.Compact(b.Selves)
	return b.Plane, nil
}

func (b *builder) read(areas []orb.MultiPolygon) error {
	total := 0
	for _, mp := range areas {
		for _, poly := range mp {
			for _, r := range poly {
				total += len(r)
			}
		}
	}
	b.table.init(total/3 + 16)
	all := make([]int32, 0, total)
	for i, mp := range areas {
		if b.ctx.Err() != nil {
			return b.ctx.Err()
		}
		for _, poly := range mp {
			for _, r := range poly {
				from := len(all)
				for _, pt := range r {
					v, err := VertexOf(pt)
					if err != nil {
						return err
					}
					if id := b.table.id(v); len(all) == from || all[len(all)-1] != id {
						all = append(all, id)
					}
				}
				if len(all) > from+1 && all[len(all)-1] == all[from] {
					all = all[:len(all)-1]
				}
				if len(all) < from+3 {
					all = all[:from]
					continue
				}
				b.rings = append(b.rings, ring{int32(i), all[from:len(all):len(all)]})
			}
		}
	}
	b.given = len(b.table.keys)
	return nil
}

// cut finds the nodes and cuts the rings into arcs.
func (b *builder) cut() error {
	n := len(b.table.keys)
	b.next, b.node = make([][2]int32, n), make([]bool, n)
	for i := range b.next {
		b.next[i] = [2]int32{-1, -1}
	}
	for _, r := range b.rings {
		last := r.ids[len(r.ids)-1]
		for _, id := range r.ids {
			b.half(last, id)
			b.half(id, last)
			last = id
		}
	}
	b.Arcs, b.owner = b.Arcs[:0], b.owner[:0]
	found := make(map[uint64]int32, len(b.rings)*3)
	var turned []int32
	for _, r := range b.rings {
		if b.ctx.Err() != nil {
			return b.ctx.Err()
		}
		ids := r.ids
		start := slices.IndexFunc(ids, b.isNode)
		if start < 0 {
			start = 0
			for i, id := range ids {
				if b.table.keys[id].less(b.table.keys[ids[start]]) {
					start = i
				}
			}
		}
		turned = append(append(append(turned[:0], ids[start:]...), ids[:start]...), ids[start])
		from := 0
		for i := 1; i < len(turned); i++ {
			if i == len(turned)-1 || b.isNode(turned[i]) {
				b.use(found, r.area, turned[from:i+1])
				from = i
			}
		}
	}
	for i := range b.Arcs {
		a := &b.Arcs[i]
		a.Uses = len(b.owner[i])
		a.Areas = odd(b.owner[i])
		if a.Uses > len(a.Areas) {
			b.Selves = append(b.Selves, b.owner[i]...)
		}
	}
	return nil
}

// odd are the areas that stand in the list an odd number of times, sorted.
func odd(list []int32) []int32 {
	s := slices.Clone(list)
	slices.Sort(s)
	out := s[:0]
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] == s[i] {
			j++
		}
		v := s[i]
		if (j-i)%2 == 1 {
			out = append(out, v)
		}
		i = j
	}
	return out
}

func (b *builder) half(from, to int32) {
	switch n := &b.next[from]; {
	case n[0] == to || n[1] == to:
	case n[0] < 0:
		n[0] = to
	case n[1] < 0:
		n[1] = to
	default:
		b.node[from] = true
	}
}

func (b *builder) isNode(id int32) bool { return b.node[id] || b.next[id][1] < 0 }

func edgeKey(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

// use finds or makes the arc of these vertices. Arcs share no edge, so the first edge in the arc's own sense names it.
func (b *builder) use(found map[uint64]int32, area int32, ids []int32) {
	n := len(ids)
	reversed := ids[n-1] < ids[0]
	if ids[0] == ids[n-1] {
		reversed = ids[n-2] < ids[1]
	}
	first, second := ids[0], ids[1]
	if reversed {
		first, second = ids[n-1], ids[n-2]
	}
	key := edgeKey(first, second)
	at, ok := found[key]
	if !ok {
		at = int32(len(b.Arcs))
		found[key] = at
		pts := slices.Clone(ids)
		if reversed {
			slices.Reverse(pts)
		}
		b.Arcs = append(b.Arcs, Arc{Pts: pts})
		b.owner = append(b.owner, nil)
	}
	b.owner[at] = append(b.owner[at], area)
}

// table numbers positions.
type table struct {
	slots []int32 // number + 1, open addressing, length a power of two
	keys  []Vertex
	last  int32
}

func (t *table) init(capacity int) {
	n := 16
	for n < 2*capacity {
		n *= 2
	}
	t.slots, t.keys, t.last = make([]int32, n), make([]Vertex, 0, capacity), 0
}

func hash(v Vertex) uint64 {
	h := uint64(v.X)*0x9E3779B97F4A7C15 ^ uint64(v.Y)*0xC2B2AE3D27D4EB4F
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	return h ^ h>>32
}

// id returns the number of v, giving it the next one when it is new. A border is mostly met again in the order, or against
// the order, in which it was met first: then its vertices are next to each other, and no search is needed.
func (t *table) id(v Vertex) int32 {
	for _, guess := range [2]int32{t.last - 1, t.last + 1} {
		if guess >= 0 && int(guess) < len(t.keys) && t.keys[guess] == v {
			t.last = guess
			return guess
		}
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash(v) & mask; ; i = (i + 1) & mask {
		id := t.slots[i] - 1
		if id < 0 {
			t.keys = append(t.keys, v)
			t.last = int32(len(t.keys)) - 1
			t.slots[i] = t.last + 1
			break
		}
		if t.keys[id] == v {
			t.last = id
			return id
		}
	}
	if len(t.keys)*3 > len(t.slots)*2 {
		t.slots = make([]int32, 2*len(t.slots))
		mask = uint64(len(t.slots) - 1)
		for id, k := range t.keys {
			i := hash(k) & mask
			for t.slots[i] != 0 {
				i = (i + 1) & mask
			}
			t.slots[i] = int32(id) + 1
		}
	}
	return t.last
}
