package topo

import (
	"context"
	"fmt"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// MaxRank is the largest rank of a Shape.
const MaxRank = 15

// Shape is one area that takes part in a Mesh.
type Shape struct {
	// ID is unique in the Mesh.
	ID int64
	// Rank orders the levels, 1 (highest) to MaxRank.
	Rank uint8
	// From, To is the half-open range of days at which the area exists.
	From, To int32
	// Geom is lon, lat in degrees on the grid of 1e-9 degree. The sense of rings does not matter, the first ring
	// of a polygon is its shell. Rings of fewer than three different positions are left out.
	Geom orb.MultiPolygon
	// Tag comes back with the Area made of the shape.
	Tag any
}

// Options say for which zooms a Mesh is simplified.
type Options struct {
	// MinZoom … MaxZoom, both included and at most topo.MaxZoom, are the zooms the Mesh can be drawn at.
	MinZoom, MaxZoom uint8
	// ExactZoom and deeper zooms drop only vertices that lie exactly on the line between others.
	ExactZoom uint8
	// Tolerance is the largest distance in tile units (4096 a tile) between a border and its simplified form, at
	// every zoom before ExactZoom; 0 means DefaultTolerance.
	Tolerance float64
}

// DefaultTolerance is half a pixel of a map that shows a tile on 512 by 512 pixels.
const DefaultTolerance = 4

// Mesh is a set of areas with their shared arcs, simplified for each zoom. It is immutable and safe for
// concurrent use.
type Mesh struct {
	opt       Options
	arcs      vec[*Arc]
	versions  []vec[Version] // by zoom from opt.MinZoom, then by slot as arcs
	sides     vec[Side]      // the first of what each arc divides, by slot; the zero Side for nothing
	areas     vec[*Area]
	freeArcs  []int32
	freeAreas []int32
	byID      *slots
	mu        sync.Mutex // guards Copy of the trees, which writes to their origin
	arcTree   *rtree.RTreeG[int32]
	areaTrees [MaxRank + 1]*rtree.RTreeG[int32]
}

// Ref names an arc and the sense in which a ring runs along it.
type Ref int32

// Slot is the number of the arc in its Mesh.
func (r Ref) Slot() int32 { return int32(r) >> 1 }

// Reversed reports whether the ring runs against the arc.
func (r Ref) Reversed() bool { return r&1 != 0 }

func refOf(slot int32, reversed bool) Ref {
	if reversed {
		return Ref(slot<<1 | 1)
	}
	return Ref(slot << 1)
}

// BlockLen is the number of refs of a ring under one Block.
const BlockLen = 8

// Block bounds BlockLen consecutive refs of a ring on the world grid; Start is the first point of the first.
type Block struct {
	Box   Box
	Start Point
}

// Ring is a closed ring: Refs[i] ends where Refs[i+1] begins. The area lies on the right of its direction, seen with
// north up: shells run clockwise, as vector tiles want them.
type Ring struct {
	Refs   []Ref
	Blocks []Block
	Box    Box // world grid
}

// Area is a Shape as the Mesh holds it. Polygons[i][0] is a shell, the others are its holes.
type Area struct {
	ID       int64
	Rank     uint8
	From, To int32
	Tag      any
	Polygons [][]Ring
	Box      Box // world grid; Empty when the shape has no polygon
}

// At reports whether the area exists on the day.
func (a *Area) At(day int32) bool { return a.From <= day && day < a.To }

// Arc is a run of vertices shared by all rings that pass along it.
type Arc struct {
	raw      []Vertex
	world    []Point
	keep     []uint8 // the lowest zoom that shows the vertex; dropped for none
	box      Box
	from, to int32 // every use lies in [from, to)
	uses     []use
	later    []Side  // what it divides after what stands in Mesh.sides
	worst    []worst // by zoom from Options.MinZoom
	gen      uint64  // the edit that made the arc and may write to it until it ends
}

const dropped = 255

type use struct {
	area     int32
	reversed bool
}

// Side says what an arc divides during the half-open range of days [From, To).
type Side struct {
	From, To int32
	// Rank is the highest rank (smallest number) whose areas differ on the two sides.
	Rank uint8
	// Left and Right are the tags of the areas of that rank beside the arc in its own direction, seen with north
	// up; nil for none. Where several areas of the rank overlap it is that with the smallest id.
	Left, Right any
}

// Version is an arc at one zoom.
type Version struct {
	// Pts are on the grid of the zoom (see Point.At), without repeated points or spikes; at least one.
	Pts []Point
	// Box bounds Pts.
	Box Box
	// Chunks[i] bounds Pts[i*ChunkLen] to Pts[(i+1)*ChunkLen], the last included; nil for a short arc.
	Chunks []Box
}

// worst is the largest distance, in cells of the world grid, of a dropped vertex from the line that replaces it.
type worst struct {
	cells float64
	y     int32 // the row of the grid
}

// ChunkLen is the number of segments of a Version under one box.
const ChunkLen = 32

// Box bounds the unsimplified arc on the world grid.
func (a *Arc) Box() Box { return a.box }

// Side returns what the arc with the number slot divides on the day; ok is false when it divides nothing then.
func (m *Mesh) Side(slot, day int32) (s *Side, ok bool) {
	s = m.sides.ref(slot)
	if s.From <= day && day < s.To {
		return s, true
	}
	if day < s.From || s.From == s.To {
		return nil, false
	}
	later := m.arcs.at(slot).later
	for i := range later {
		if s := &later[i]; s.From <= day && day < s.To {
			return s, true
		}
	}
	return nil, false
}

// NewMesh builds the mesh of the shapes. Errors: a zoom range that is none, an id used twice, a rank outside
// 1…MaxRank, a position not on the earth; the message names the shape.
func NewMesh(ctx context.Context, o Options, shapes []Shape) (*Mesh, error) {
	if o.Tolerance == 0 {
		o.Tolerance = DefaultTolerance
	}
	if o.MinZoom > o.MaxZoom || o.MaxZoom > MaxZoom || !(o.Tolerance > 0) {
		return nil, fmt.Errorf("mesh: zooms %d–%d with tolerance %v: want 0 ≤ MinZoom ≤ MaxZoom ≤ %d and a tolerance above 0",
			o.MinZoom, o.MaxZoom, o.Tolerance, MaxZoom)
	}
	m := &Mesh{opt: o, versions: make([]vec[Version], o.MaxZoom-o.MinZoom+1), byID: &slots{}, arcTree: &rtree.RTreeG[int32]{}}
	for i := range m.areaTrees {
		m.areaTrees[i] = &rtree.RTreeG[int32]{}
	}
	next, _, err := m.Replace(ctx, nil, shapes)
	return next, err
}

// Arc returns the arc with the number slot, which must come from this Mesh.
func (m *Mesh) Arc(slot int32) *Arc { return m.arcs.at(slot) }

// Versions are the arcs of a Mesh at one zoom.
type Versions struct{ v *vec[Version] }

// At returns the version of the arc with the number slot.
func (v Versions) At(slot int32) *Version { return v.v.ref(slot) }

// Versions returns the arcs as zoom z, within the zooms of the Mesh, shows them.
func (m *Mesh) Versions(z uint8) Versions { return Versions{&m.versions[z-m.opt.MinZoom]} }

// Area returns the area with the number slot, which must come from SearchAreas.
func (m *Mesh) Area(slot int32) *Area { return m.areas.at(slot) }

// AreaByID returns the area made of the shape with this id.
func (m *Mesh) AreaByID(id int64) (*Area, bool) {
	slot, ok := m.byID.get(id)
	if !ok {
		return nil, false
	}
	return m.areas.at(slot), true
}

// Visit is what a search calls with the number of each arc or area whose box meets the box sought; false ends it.
type Visit = func(lo, hi [2]float64, slot int32) bool

// SearchAreas visits the areas of the rank, of all days, whose boxes meet the box on the world grid.
func (m *Mesh) SearchAreas(rank uint8, b Box, visit Visit) {
	lo, hi := b.floats()
	m.areaTrees[rank].Search(lo, hi, visit)
}

// SearchArcs does the same for the arcs.
func (m *Mesh) SearchArcs(b Box, visit Visit) {
	lo, hi := b.floats()
	m.arcTree.Search(lo, hi, visit)
}

// Bounds is the box of all areas on the world grid; Empty when there are none.
func (m *Mesh) Bounds() Box {
	all := emptyBox
	for _, t := range m.areaTrees {
		if t.Len() > 0 {
			lo, hi := t.Bounds()
			all.union(Box{int32(lo[0]), int32(lo[1]), int32(hi[0]), int32(hi[1])})
		}
	}
	return all
}

// Displacement says how far the borders shown at zoom z lie from the true ones at most: in cells of the world
// grid and in metres on the ground, rounding to the tile's own grid (up to 0.71 tile units) not included.
// It never exceeds Options.Tolerance tile units.
func (m *Mesh) Displacement(z uint8) (cells, metres float64) {
	m.eachArc(func(_ int32, a *Arc) {
		w := a.worst[z-m.opt.MinZoom]
		cells = max(cells, w.cells)
		metres = max(metres, w.cells*metresPerCell(w.y))
	})
	return cells, metres
}

func (m *Mesh) eachArc(fn func(slot int32, a *Arc)) {
	for i := range m.arcs.n {
		if a := m.arcs.at(i); a != nil {
			fn(i, a)
		}
	}
}

// Counts returns the number of areas, of arcs, of their vertices, and of the vertices kept at each zoom.
func (m *Mesh) Counts() (areas, arcs, vertices int, kept map[uint8]int) {
	kept = map[uint8]int{}
	m.eachArc(func(slot int32, a *Arc) {
		arcs++
		vertices += len(a.raw)
		for i := range m.versions {
			kept[m.opt.MinZoom+uint8(i)] += len(m.versions[i].ref(slot).Pts)
		}
	})
	for _, t := range m.areaTrees {
		areas += t.Len()
	}
	return areas, arcs, vertices, kept
}

// MemBytes estimates the heap that the Mesh holds, tags not included.
func (m *Mesh) MemBytes() int64 {
	n := int64(len(m.arcs.pages)+len(m.areas.pages)) * pageLen * 8
	m.eachArc(func(slot int32, a *Arc) {
		n += 280 + int64(len(a.raw))*25 + int64(len(a.uses))*8 + int64(len(a.later))*48 + 60 + int64(len(a.worst))*16
		for i := range m.versions {
			v := m.versions[i].ref(slot)
			n += 72 + int64(len(v.Pts))*8 + int64(len(v.Chunks))*16
		}
	})
	for _, t := range m.areaTrees {
		n += int64(t.Len()) * 50
		t.Scan(func(_, _ [2]float64, slot int32) bool {
			n += 150
			for _, p := range m.areas.at(slot).Polygons {
				for i := range p {
					n += 64 + int64(len(p[i].Refs))*4 + int64(len(p[i].Blocks))*24
				}
			}
			return true
		})
	}
	return n
}
