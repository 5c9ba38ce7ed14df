package fit

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

func bySize(a, b Conflict) int {
	return cmp.Or(cmp.Compare(b.AreaM2, a.AreaM2), cmp.Compare(b.LengthM, a.LengthM), cmp.Compare(a.Rank, b.Rank),
		slices.Compare(a.Areas, b.Areas), cmp.Compare(a.At[0], b.At[0]), cmp.Compare(a.At[1], b.At[1]))
}

// region measures a set of faces and adds the conflict with that size and place.
func (c *check) region(x Conflict, faces []int32) {
	mp := c.p.Outline(faces, &c.marks)
	x.AreaM2 = geodesy.AreaM2(mp)
	length := 0.0
	for _, poly := range mp {
		for _, r := range poly {
			length += planarLengthM(r)
		}
	}
	if length > 0 {
		x.WidthM = 2 * x.AreaM2 / length
	}
	x.Thin = x.WidthM < c.o.NearM
	x.At = inside(mp)
	c.add(x)
}

// degreeM are the metres in a degree of longitude and of latitude on the ellipsoid at a latitude; differences of position
// of some kilometres times these are within 0.1 % of the geodesic.
func degreeM(lat float64) (lonM, latM float64) {
	const f = 1 / geodesy.InverseFlattening
	const e2 = f * (2 - f)
	s, co := math.Sincos(lat * math.Pi / 180)
	w := math.Sqrt(1 - e2*s*s)
	return geodesy.SemiMajorAxisM / w * co * math.Pi / 180, geodesy.SemiMajorAxisM * (1 - e2) / (w * w * w) * math.Pi / 180
}

func planarLengthM(r orb.Ring) float64 {
	if len(r) == 0 {
		return 0
	}
	kx, ky := degreeM(r[0][1])
	sum := 0.0
	for i := 1; i < len(r); i++ {
		sum += math.Hypot((r[i][0]-r[i-1][0])*kx, (r[i][1]-r[i-1][1])*ky)
	}
	return sum
}

// inside finds a place strictly inside of the area: the middle of the longest stretch inside on one of some parallels. It need
// not lie on the grid, for a sliver may be narrower than that.
func inside(mp orb.MultiPolygon) orb.Point {
	var ys []float64
	var best orb.Point
	for i, poly := range mp {
		for _, r := range poly {
			for _, p := range r {
				ys = append(ys, p[1])
			}
		}
		if i == 0 && len(poly) > 0 && len(poly[0]) > 0 {
			best = poly[0][0]
		}
	}
	slices.Sort(ys)
	ys = slices.Compact(ys)
	longest := 0.0
	const tries = 16
	for n := range tries {
		if len(ys) < 2 {
			break
		}
		k := min((2*n+1)*(len(ys)-1)/(2*tries), len(ys)-2)
		y := (ys[k] + ys[k+1]) / 2
		var xs []float64
		for _, poly := range mp {
			for _, r := range poly {
				for i := 1; i < len(r); i++ {
					a, b := r[i-1], r[i]
					if (a[1] > y) != (b[1] > y) {
						xs = append(xs, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
					}
				}
			}
		}
		slices.Sort(xs)
		for i := 1; i < len(xs); i += 2 {
			if w := xs[i] - xs[i-1]; w > longest {
				longest, best = w, orb.Point{(xs[i] + xs[i-1]) / 2, y}
			}
		}
	}
	return best
}

// named sorts area numbers and keeps as many as a Conflict names.
func named(set map[int32]bool) []int {
	out := make([]int, 0, len(set))
	for a := range set {
		out = append(out, int(a))
	}
	slices.Sort(out)
	return out[:min(len(out), maxNamed)]
}
