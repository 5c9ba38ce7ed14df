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

// Inverse is the geodesic between a and b: its length in metres, within 15 nm of exact, and its directions at a and at b, both going
// from a towards b, in degrees clockwise from true north, in [0, 360). Between equal positions the length is 0 and the directions are those of
// a line that leaves northward. Between antipodes the shortest line may not be the only one; one of them is returned.
func Inverse(a, b orb.Point) (distM, bearingADeg, bearingBDeg float64) {
	if !position(a) || !position(b) {
		return math.NaN(), math.NaN(), math.NaN()
	}
	ellipsoid.Inverse(a[1], a[0], b[1], b[0], &distM, &bearingADeg, &bearingBDeg)
	return distM, bearing(bearingADeg), bearing(bearingBDeg)
}

// Direct is the position distM metres from p along the geodesic that leaves it at bearingDeg degrees clockwise from true north, with
// the direction, in [0, 360), in which the line arrives. A negative distance goes the opposite way, and the line still points forward.
// The longitude of the result lies in [-180, 180].
func Direct(p orb.Point, bearingDeg, distM float64) (q orb.Point, arrivalDeg float64) {
	if !position(p) || !finite(bearingDeg) || !finite(distM) {
		return orb.Point{math.NaN(), math.NaN()}, math.NaN()
	}
	ellipsoid.Direct(p[1], p[0], bearingDeg, distM, &q[1], &q[0], &arrivalDeg)
	return q, bearing(arrivalDeg)
}

// bearing brings −180…180 to 0…360.
func bearing(deg float64) float64 {
	if deg < 0 {
		deg += 360
	}
	if deg >= 360 { // −1e-15 + 360
		return 0
	}
	return deg + 0 // no −0
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
// A ring is taken to enclose the smaller part of the globe. Rings of fewer than three positions enclose nothing. The error is below 1e-9 of the
// area from 0.5 km² up, and some square centimetres below that (rounding of the areas between each edge and the equator).
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

// PerimeterM is the length in metres of all rings, shells and holes, closed whether the last position repeats the first or not. A border that
// two polygons of mp share is counted twice.
func PerimeterM(mp orb.MultiPolygon) float64 {
	var sum float64
	for _, poly := range mp {
		for _, ring := range poly {
			sum += LengthM(orb.LineString(ring))
			if n := len(ring); n > 1 && ring[0] != ring[n-1] {
				sum += DistanceM(ring[n-1], ring[0])
			}
		}
	}
	return sum
}

// Destination is Direct without the direction of arrival.
func Destination(p orb.Point, bearingDeg, distM float64) orb.Point {
	q, _ := Direct(p, bearingDeg, distM)
	return q
}

func position(p orb.Point) bool { return finite(p[0]) && p[1] >= -90 && p[1] <= 90 }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
