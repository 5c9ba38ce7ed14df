package topo

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Moved says what simplifying to one level changed. Lengths are metres and areas square metres on the ground, by the
// ellipsoid's radii at the place: good to a part in a thousand of the change itself.
type Moved struct {
	ToleranceM float64 `json:"tolerance_m"`
	// VerticesBefore and VerticesAfter count each border once; Restored of those after stay only so that no line crosses
	// another, and no area vanishes.
	VerticesBefore int `json:"vertices_before"`
	VerticesAfter  int `json:"vertices_after"`
	Restored       int `json:"restored"`
	// How far the vertices left out lie from the new line: half of them at most P50M, and so on; MaxM at MaxAt.
	P50M  float64    `json:"p50_m"`
	P95M  float64    `json:"p95_m"`
	MaxM  float64    `json:"max_m"`
	MaxAt *orb.Point `json:"max_at"`
	// AreaM2 is what all shapes have together before, AreaChangedM2 the sum of the changes of each without their signs.
	AreaM2        float64 `json:"area_m2"`
	AreaChangedM2 float64 `json:"area_changed_m2"`
	// Most are the shapes whose area changed by the largest part, at most ten.
	Most []AreaChange `json:"most_changed"`
}

// AreaChange is the area of the shape with the number Shape, before and after.
type AreaChange struct {
	Shape    int     `json:"shape"`
	BeforeM2 float64 `json:"before_m2"`
	AfterM2  float64 `json:"after_m2"`
}

func (a AreaChange) part() float64 {
	if a.BeforeM2 == 0 {
		return 0
	}
	return math.Abs(a.AfterM2-a.BeforeM2) / a.BeforeM2
}

// mostChanged is how many shapes a report names.
const mostChanged = 10

// Report measures what one level changed.
func (t *Thinned) Report(level int) Moved {
	m := Moved{ToleranceM: t.tolerances[level], VerticesBefore: len(t.c.pts), VerticesAfter: t.Kept(level), Restored: t.restored[level]}
	off := make([]float32, len(t.c.pts)) // of what stays 0
	type most struct {
		metres float64
		at     int32
	}
	far := make([]most, t.c.arcs())
	_ = parallel(context.Background(), t.c.arcs(), func(a int) {
		f, last := t.c.plane[a], t.c.start[a]
		for i := last + 1; i < t.c.start[a+1]; i++ {
			if t.keep[i] > uint8(level) {
				continue
			}
			for k := last + 1; k < i; k++ {
				d := f.off(t.c.pts[k], t.c.pts[last], t.c.pts[i])
				off[k] = float32(d)
				if d > far[a].metres || far[a].at == 0 {
					far[a] = most{d, k}
				}
			}
			last = i
		}
	})
	for _, x := range far {
		if x.at > 0 && (x.metres > m.MaxM || m.MaxAt == nil) {
			at := t.c.pts[x.at].point()
			m.MaxM, m.MaxAt = x.metres, &at
		}
	}
	// Those that stay come before all that are left out.
	if stay, n := m.VerticesAfter, len(off)-m.VerticesAfter; n > 0 {
		m.P50M, m.P95M = float64(nth(off, stay+(n-1)/2)), float64(nth(off, stay+(n-1)*95/100))
	}
	changes := make([]AreaChange, len(t.c.shapes))
	_ = parallel(context.Background(), len(changes), func(i int) {
		changes[i] = AreaChange{i, t.areaM2(t.c.shapes[i], dropped), t.areaM2(t.c.shapes[i], uint8(level))}
	})
	for _, c := range changes {
		m.AreaM2 += c.BeforeM2
		m.AreaChangedM2 += math.Abs(c.AfterM2 - c.BeforeM2)
	}
	slices.SortStableFunc(changes, func(a, b AreaChange) int { return cmp.Compare(b.part(), a.part()) })
	m.Most = changes[:min(mostChanged, len(changes))]
	return m
}

// areaM2 adds up the strips between the edges and the meridian of the first vertex, each measured by
// the ellipsoid's radii there and the length of a degree of longitude at its own latitude.
func (t *Thinned) areaM2(shape [][][]Ref, level uint8) (sum float64) {
	for _, poly := range shape {
		for j, refs := range poly {
			first := t.c.pts[t.c.start[refs[0].Slot()]]
			f := ellipsoidAt(first)
			// How fast a degree of longitude shrinks to the north, by which the plane is corrected.
			shrink := math.Tan(float64(first.Y)/nano*math.Pi/180) * math.Pi / 180 / nano
			ring := 0.0
			var px, py float64
			begun := false
			point := func(v Vertex) {
				y := float64(v.Y - first.Y)
				x := float64(v.X - first.X)
				if begun {
					// ∫ x dA over the strip to the first meridian, the width of a degree being 1 − shrink·y.
					mid := (y + py) / 2
					ring += (x + px) / 2 * (y - py) * (1 - shrink*mid)
				}
				px, py, begun = x, y, true
			}
			for _, r := range refs {
				lo, hi := t.c.start[r.Slot()], t.c.start[r.Slot()+1]
				for k := lo; k < hi; k++ {
					i := k
					if r.Reversed() {
						i = hi - 1 - (k - lo)
					}
					if t.keep[i] <= level || level == dropped {
						point(t.c.pts[i])
					}
				}
			}
			if ring = math.Abs(ring) * f.kx * f.ky; j > 0 {
				ring = -ring
			}
			sum += ring
		}
	}
	return sum
}
