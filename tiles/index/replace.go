package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"yutu/geo/topo"
)

// Touched is a range of tiles of one zoom, ends included.
type Touched struct {
	Z              uint8
	X0, Y0, X1, Y1 uint32
}

// maxRanges is the number of ranges in one zoom from which on ranges close to each other become one.
const maxRanges = 256

// Replace returns an Index without the features whose ids are in remove and with those in add, and the tiles, at
// every zoom, that can differ from those of ix, which stays as it is. The cost depends on the change, not on the
// size of the Index. Errors: an id to remove that is not there, an id to add that is there and not removed, and
// those of Build; the Index returned is then nil.
func (ix *Index) Replace(remove []int64, add []Feature) (*Index, []Touched, error) {
	entries, err := newEntries(ix.cfg, add)
	if err != nil {
		return nil, nil, err
	}
	next := *ix
	next.bands = slices.Clone(ix.bands)
	known := map[int64]bool{}
	var touched []Touched
	for i := range next.bands {
		b := &next.bands[i]
		var boxes []topo.Change
		var gone []int64
		for _, id := range remove {
			if a, ok := b.mesh.AreaByID(id); ok {
				known[id] = true
				gone = append(gone, id)
				boxes = appendArea(boxes, a, b.MinZoom)
			}
		}
		shapes := shapes(add, entries, b.MaxRank)
		if len(gone)+len(shapes) == 0 {
			continue
		}
		mesh, changes, err := b.mesh.Replace(context.Background(), gone, shapes)
		if err != nil {
			return nil, nil, fmt.Errorf("index: %w", err)
		}
		b.mesh = mesh
		for i := range shapes {
			if a, ok := mesh.AreaByID(shapes[i].ID); ok {
				boxes = appendArea(boxes, a, b.MinZoom)
			}
		}
		touched = appendTouched(touched, append(boxes, changes...), b.Band)
	}
	for _, id := range remove {
		if !known[id] {
			return nil, nil, fmt.Errorf("index: there is no feature %d to remove", id)
		}
	}
	return &next, touched, nil
}

// appendArea appends the boxes of the area's parts and of its label.
func appendArea(dst []topo.Change, a *topo.Area, z uint8) []topo.Change {
	for _, p := range a.Polygons {
		dst = append(dst, topo.Change{Box: p[0].Box, MinZoom: z})
	}
	l := a.Tag.(*entry).label
	return append(dst, topo.Change{Box: topo.Box{MinX: l.X, MinY: l.Y, MaxX: l.X, MaxY: l.Y}, MinZoom: z})
}

// appendTouched appends the ranges of tiles that the boxes meet, at all zooms of the band.
func appendTouched(dst []Touched, boxes []topo.Change, b Band) []Touched {
	for z := b.MinZoom; z <= b.MaxZoom; z++ {
		last := int32(1)<<z - 1
		var ranges []Touched
		for _, c := range boxes {
			if c.MinZoom > z {
				continue
			}
			q := c.Box.At(z)
			tile := func(v int32) uint32 { return uint32(max(0, min(last, v>>topo.ExtentBits))) }
			// A tile t shows what lies in [4096 t + lowest, 4096 t + highest].
			ranges = append(ranges, Touched{
				Z:  z,
				X0: tile(q.MinX - highest + 1<<topo.ExtentBits - 1), Y0: tile(q.MinY - highest + 1<<topo.ExtentBits - 1),
				X1: tile(q.MaxX - lowest), Y1: tile(q.MaxY - lowest),
			})
		}
		dst = append(dst, compact(ranges)...)
	}
	return dst
}

// compact leaves out ranges that lie in others, and joins what is close when there are very many.
func compact(rs []Touched) []Touched {
	slices.SortFunc(rs, func(a, b Touched) int {
		return cmp.Or(cmp.Compare(a.Y0, b.Y0), cmp.Compare(a.X0, b.X0), cmp.Compare(b.Y1, a.Y1), cmp.Compare(b.X1, a.X1))
	})
	rs = slices.Compact(rs)
	for shift := 2; len(rs) > maxRanges && shift <= topo.MaxZoom; shift++ {
		blocks := map[[2]uint32]int{}
		var joined []Touched
		for _, r := range rs {
			key := [2]uint32{r.X0 >> shift, r.Y0 >> shift}
			if i, ok := blocks[key]; ok {
				j := &joined[i]
				j.X0, j.Y0, j.X1, j.Y1 = min(j.X0, r.X0), min(j.Y0, r.Y0), max(j.X1, r.X1), max(j.Y1, r.Y1)
				continue
			}
			blocks[key] = len(joined)
			joined = append(joined, r)
		}
		rs = joined
	}
	out := make([]Touched, 0, len(rs))
	for i, r := range rs {
		if !slices.ContainsFunc(rs, func(o Touched) bool {
			return o != r && o.X0 <= r.X0 && o.Y0 <= r.Y0 && o.X1 >= r.X1 && o.Y1 >= r.Y1
		}) && !slices.Contains(rs[:i], r) {
			out = append(out, r)
		}
	}
	return out
}
