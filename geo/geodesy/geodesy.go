// Package geodesy measures lengths, areas and directions on the ellipsoid of CGCS2000, never on a sphere: at the latitude
// of Zhejiang a sphere is wrong by 0.4 %, 40 m in 10 km.
//
// Positions are lon, lat in degrees, CGCS2000 (EPSG:4490); longitudes may run over ±180. A line between two positions is the
// geodesic, not a straight line of the map. Results are ground measures on the ellipsoid, at height zero: in mountains at 1,000 m
// the terrain itself is 0.016 % longer. They are computed, hence not authoritative.
//
// Input that is not a position (NaN, infinite, latitude beyond ±90) gives NaN, never a panic.
package geodesy

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

const (
	// SemiMajorAxisM is the equatorial radius of the CGCS2000 ellipsoid in metres (GB 22021-2008, 大地测量基本技术规定).
	SemiMajorAxisM = 6378137.0
	// InverseFlattening is 1/f of the CGCS2000 ellipsoid (GB 22021-2008). WGS 84 has 298.257223563: 0.1 mm at the pole.
	InverseFlattening = 298.257222101
)

var ellipsoid = geodesic.NewEllipsoid(SemiMajorAxisM, 1/InverseFlattening)

// DistanceM is the length of the geodesic between a and b in metres, within 15 nm of exact. Symmetric; 0 for equal positions.
func DistanceM(a, b orb.Point) float64 {
	if !position(a) || !position(b) {
		return math.NaN()
	}
	var s float64
	ellipsoid.Inverse(a[1], a[0], b[1], b[0], &s, nil, nil)
	return s
}

// LengthM is the sum of the geodesics between neighbouring positions in metres; 0 for fewer than two.
func LengthM(ls orb.LineString) float64 {
	var sum float64
	for i := 1; i < len(ls); i++ {
		sum += DistanceM(ls[i-1], ls[i])
	}
	return sum
}

// AreaM2 is the area in square metres enclosed by shells less that of their holes, edges being geodesics. The sense of rings
// and whether the last position repeats the first do not matter. The polygons must be valid: overlaps are counted twice.
// A ring is taken to enclose the smaller part of the globe. Rings of fewer than three positions enclose nothing.
func AreaM2(mp orb.MultiPolygon) float64 {
	var sum float64
	for _, poly := range mp {
		for i, ring := range poly {
			if a := ringAreaM2(ring); i == 0 {
				sum += a
			} else {
				sum -= a
			}
		}
	}
	return sum
}

func ringAreaM2(ring orb.Ring) float64 {
	if n := len(ring); n > 1 && ring[0] == ring[n-1] {
		ring = ring[:n-1]
	}
	if len(ring) < 3 {
		return 0
	}
	p := ellipsoid.PolygonInit(false)
	for _, v := range ring {
		if !position(v) {
			return math.NaN()
		}
		p.AddPoint(v[1], v[0])
	}
	var area float64
	p.Compute(false, true, &area, nil)
	return math.Abs(area)
}

// Destination is the position distM metres from p along the geodesic that leaves it at bearingDeg degrees, clockwise from true
// north. A negative distance goes the opposite way. The longitude of the result lies in [-180, 180].
func Destination(p orb.Point, bearingDeg, distM float64) orb.Point {
	if !position(p) || !finite(bearingDeg) || !finite(distM) {
		return orb.Point{math.NaN(), math.NaN()}
	}
	var lat, lon float64
	ellipsoid.Direct(p[1], p[0], bearingDeg, distM, &lat, &lon, nil)
	return orb.Point{lon, lat}
}

func position(p orb.Point) bool { return finite(p[0]) && p[1] >= -90 && p[1] <= 90 }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
