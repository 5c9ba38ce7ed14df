package index

import (
	"fmt"
	"sync"

	"yutu/geo/topo"
	"yutu/tiles"
	"yutu/tiles/mvt"
)

// tooSmall is the size in tile units, half a pixel of a tile shown on 512, below which a ring is not drawn. A hole
// is left out by the same rule as the area that fills it.
const tooSmall = 4

// drawer holds what drawing one tile needs; it is used again for the next one.
type drawer struct {
	ix     *Index
	mesh   *topo.Mesh
	arcs   topo.Versions
	z      uint8
	at     int32
	ox, oy int32    // the tile's corner on the grid of the zoom
	cut    topo.Box // what belongs to the tile with its buffer, on the same grid
	clip   clip
	lines  lines
	layers [3]mvt.Layer // areas, lines, labels
	found  []int32
	visit  topo.Visit
}

var drawers = sync.Pool{New: func() any {
	d := &drawer{}
	d.visit = func(_, _ [2]float64, slot int32) bool {
		d.found = append(d.found, slot)
		return true
	}
	return d
}}

// Tile appends the tile, not compressed, as it is on the day at; an empty tile appends nothing. An address outside
// the zooms of the Index or outside the map is an error.
func (ix *Index) Tile(dst []byte, c tiles.Coord, at int32) ([]byte, error) {
	b := ix.band(c.Z)
	if b == nil || !c.Valid() {
		return dst, fmt.Errorf("tile %v: want a zoom from %d to %d, a column and row from 0 to 2^zoom−1", c, ix.MinZoom(), ix.MaxZoom())
	}
	d := drawers.Get().(*drawer)
	defer drawers.Put(d)
	d.ix, d.mesh, d.arcs, d.z, d.at = ix, b.mesh, b.mesh.Versions(c.Z), c.Z, at
	d.ox, d.oy = int32(c.X)<<topo.ExtentBits, int32(c.Y)<<topo.ExtentBits
	d.cut = topo.Box{MinX: d.ox + lowest, MinY: d.oy + lowest, MaxX: d.ox + highest, MaxY: d.oy + highest}
	for i := range d.layers {
		d.layers[i].Reset(ix.layers[i])
	}
	world := worldBox(d.cut, c.Z)
	for rank := uint8(1); rank <= b.MaxRank; rank++ {
		d.found = d.found[:0]
		d.mesh.SearchAreas(rank, world, d.visit)
		labels := int(rank) >= len(ix.cfg.LabelMinZoom) || c.Z >= ix.cfg.LabelMinZoom[rank]
		for _, slot := range d.found {
			if a := d.mesh.Area(slot); a.At(at) {
				d.area(a, labels)
			}
		}
	}
	d.found = d.found[:0]
	d.mesh.SearchArcs(world, d.visit)
	d.borders()
	for i := range d.layers {
		dst = d.layers[i].Append(dst)
	}
	// The pool must not keep an old Index alive.
	d.ix, d.mesh, d.arcs = nil, nil, topo.Versions{}
	return dst, nil
}

// worldBox is the part of the world grid whose points, rounded to the grid of zoom z, lie in the box.
func worldBox(b topo.Box, z uint8) topo.Box {
	s := uint(topo.MaxZoom - z)
	h := int32(1) << s >> 1
	top := int32(1)<<s - 1 - h
	return topo.Box{MinX: b.MinX<<s - h, MinY: b.MinY<<s - h, MaxX: b.MaxX<<s + top, MaxY: b.MaxY<<s + top}
}

// area writes the polygon and the label of one area.
func (d *drawer) area(a *topo.Area, label bool) {
	e := a.Tag.(*entry)
	l := &d.layers[0]
	l.Begin(uint64(e.id), mvt.PolygonType)
	before := l.GeomLen()
	for _, p := range a.Polygons {
		d.polygon(p)
	}
	if l.GeomLen() > before {
		d.tag(l, e)
		l.End()
	}
	if p := e.label.At(d.z); label && p.X>>topo.ExtentBits == d.ox>>topo.ExtentBits && p.Y>>topo.ExtentBits == d.oy>>topo.ExtentBits {
		l := &d.layers[2]
		l.Begin(uint64(e.id), mvt.PointType)
		l.Point(mvt.Point{X: p.X - d.ox, Y: p.Y - d.oy})
		d.tag(l, e)
		l.End()
	}
}

func (d *drawer) tag(l *mvt.Layer, e *entry) {
	for i := range e.attrs {
		l.Tag(e.attrs[i].key, &e.attrs[i].value)
	}
}

func (d *drawer) polygon(rings []topo.Ring) {
	c := &d.clip
	c.reset()
	for i := range rings {
		r := &rings[i]
		box := r.Box.At(d.z)
		if box.MaxX-box.MinX < tooSmall && box.MaxY-box.MinY < tooSmall || i == 0 && !box.Intersects(d.cut) {
			if i == 0 {
				return
			}
			continue
		}
		// A ring beyond one side neither crosses the tile nor goes round it.
		if box.Intersects(d.cut) {
			d.ring(r)
		}
	}
	c.finish()
	c.write(&d.layers[0])
}

// outside reports whether the box lies wholly beyond one side of the tile with its buffer.
func (d *drawer) outside(b topo.Box) bool { return !b.Intersects(d.cut) }

func (d *drawer) within(b topo.Box) bool {
	return b.MinX >= d.cut.MinX && b.MaxX <= d.cut.MaxX && b.MinY >= d.cut.MinY && b.MaxY <= d.cut.MaxY
}

// ring feeds a ring to the clip: what lies wholly beyond one side of the tile as its first point only, for the
// next part begins with its last.
func (d *drawer) ring(r *topo.Ring) {
	c := &d.clip
	c.beginRing()
	for i := range r.Blocks {
		refs := r.Refs[i*topo.BlockLen : min((i+1)*topo.BlockLen, len(r.Refs))]
		b := &r.Blocks[i]
		if d.outside(b.Box.At(d.z)) {
			p := b.Start.At(d.z)
			c.feed(mvt.Point{X: p.X - d.ox, Y: p.Y - d.oy})
			continue
		}
		for _, ref := range refs {
			d.arc(ref)
		}
	}
	c.endRing()
}

// arc feeds one arc in the sense of its ring, without its last point.
func (d *drawer) arc(ref topo.Ref) {
	c := &d.clip
	v := d.arcs.At(ref.Slot())
	n := len(v.Pts) - 1
	switch {
	case n == 0:
	case d.outside(v.Box):
		p := v.Pts[0]
		if ref.Reversed() {
			p = v.Pts[n]
		}
		c.feed(mvt.Point{X: p.X - d.ox, Y: p.Y - d.oy})
	case v.Chunks == nil:
		d.run(v.Pts, v.Box, ref.Reversed())
	default:
		for i := range v.Chunks {
			k := i
			if ref.Reversed() {
				k = len(v.Chunks) - 1 - i
			}
			d.run(v.Pts[k*topo.ChunkLen:min((k+1)*topo.ChunkLen, n)+1], v.Chunks[k], ref.Reversed())
		}
	}
}

// run feeds consecutive points with their box, without the last in the sense of the ring.
func (d *drawer) run(pts []topo.Point, box topo.Box, reversed bool) {
	c, n := &d.clip, len(pts)-1
	switch {
	case d.within(box) && reversed:
		c.feedInsideReversed(pts[1:], d.ox, d.oy)
	case d.within(box):
		c.feedInside(pts[:n], d.ox, d.oy)
	case d.outside(box) && reversed:
		c.feed(mvt.Point{X: pts[n].X - d.ox, Y: pts[n].Y - d.oy})
	case d.outside(box):
		c.feed(mvt.Point{X: pts[0].X - d.ox, Y: pts[0].Y - d.oy})
	case reversed:
		for i := n; i > 0; i-- {
			c.feed(mvt.Point{X: pts[i].X - d.ox, Y: pts[i].Y - d.oy})
		}
	default:
		for _, p := range pts[:n] {
			c.feed(mvt.Point{X: p.X - d.ox, Y: p.Y - d.oy})
		}
	}
}
