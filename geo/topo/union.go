package topo

import (
	"slices"

	"github.com/paulmach/orb"
)

// Union returns the area of all shapes with their inner borders dropped. The shapes must share borders vertex for vertex;
// no vertex moves, and those where a dropped border ended stay. Shells run counter-clockwise, and a ring begins at its
// smallest vertex, so that the result does not depend on the order of the shapes.
// Errors: *BadShape where shapes overlap or do not share the vertices of a border, and a position not on the earth.
func Union(shapes []orb.MultiPolygon) (orb.MultiPolygon, error) {
	var rings [][]Vertex
	n := 0
	for i := range shapes {
		own, _, err := ringsOf(shapes[i])
		if err != nil {
			return nil, err
		}
		for _, r := range own {
			n += len(r)
		}
		rings = append(rings, own...)
	}
	f := newFlow(n)
	for _, r := range rings {
		for i, v := range r {
			if !f.put(v, r[(i+1)%len(r)]) {
				return nil, &BadShape{-1, "overlap", v.point()}
			}
		}
	}
	faces, err := f.faces()
	if err != nil {
		return nil, err
	}
	out := multiPolygon(faces)
	return out, sound(out, -1)
}

// Insertion says which vertices came into an existing edge, from From to To in that order. They lie on the grid, so the
// edge may have moved by up to half a grid step in each ordinate, less than 0.08 mm on the ground.
type Insertion struct {
	From, To orb.Point
	At       []orb.Point
}

// Insert puts vertices into the edges of a shape that has them, in either sense, and reports whether there was any. The
// shape given stays as it is; an edge it does not have changes nothing.
func Insert(shape orb.MultiPolygon, ins []Insertion) (orb.MultiPolygon, bool) {
	type edge struct{ a, b Vertex }
	at := make(map[edge][]orb.Point, 2*len(ins))
	for _, i := range ins {
		a, errA := vertexOf(i.From)
		b, errB := vertexOf(i.To)
		if errA != nil || errB != nil || len(i.At) == 0 {
			continue
		}
		back := slices.Clone(i.At)
		slices.Reverse(back)
		at[edge{a, b}], at[edge{b, a}] = i.At, back
	}
	out, changed := shape, false
	for i, p := range shape {
		for j, r := range p {
			var ring orb.Ring
			for k := 1; k < len(r); k++ {
				a, errA := vertexOf(r[k-1])
				b, errB := vertexOf(r[k])
				if errA != nil || errB != nil {
					return shape, false
				}
				if more := at[edge{a, b}]; more != nil {
					if ring == nil {
						ring = append(make(orb.Ring, 0, len(r)+len(more)), r[:k]...)
					}
					ring = append(ring, more...)
				}
				if ring != nil {
					ring = append(ring, r[k])
				}
			}
			if ring == nil {
				continue
			}
			if !changed {
				out, changed = slices.Clone(shape), true
			}
			if &out[i][0] == &shape[i][0] {
				out[i] = slices.Clone(p)
			}
			out[i][j] = ring
		}
	}
	return out, changed
}
