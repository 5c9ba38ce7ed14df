package topo

import "github.com/paulmach/orb"

// Subtract returns the area less the parts that lie in it. Where a part runs along the border of the area or of another part, they
// must share it vertex for vertex; no vertex moves. The result is empty when nothing is left.
// Errors: *BadShape where a part reaches out of the area, parts overlap, or a border is not shared vertex for vertex, and a position
// not on the earth.
func Subtract(area orb.MultiPolygon, parts []orb.MultiPolygon) (orb.MultiPolygon, error) {
	rings, _, err := ringsOf(area)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, r := range rings {
		n += len(r)
	}
	f := newFlow(n)
	put := func(a, b Vertex) error {
		if !f.put(a, b) {
			return &BadShape{-1, "overlap", a.point()}
		}
		return nil
	}
	for _, r := range rings {
		for i, v := range r {
			if err := put(v, r[(i+1)%len(r)]); err != nil {
				return nil, err
			}
		}
	}
	for _, part := range parts {
		rings, _, err := ringsOf(part)
		if err != nil {
			return nil, err
		}
		for _, r := range rings {
			for i, v := range r {
				if err := put(r[(i+1)%len(r)], v); err != nil {
					return nil, err
				}
			}
		}
	}
	faces, err := f.faces()
	if err != nil {
		return nil, err
	}
	if len(faces) == 0 {
		return nil, nil
	}
	out := multiPolygon(faces)
	return out, sound(out, -1)
}
