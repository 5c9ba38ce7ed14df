package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// GCJ02Point is a position in degrees as Chinese web maps shift it (GCJ-02, 火星坐标). It is a type of its own because
// nothing on its face tells it from CGCS2000, 300 to 700 m away.
//
// The formula is the published, unofficial one: a sum of polynomials and sines scaled to metres on the Krasovsky
// ellipsoid (hujiulong/gcoord src/crs/GCJ02.ts, the constants of 2009's reverse engineering). Other code in use takes the equatorial radius of
// WGS 84 instead and differs by up to 1 cm. It is applied within a rectangle around China; outside it the shift is none.
// Converting to GCJ-02 is for display beside such maps; it is not the secrecy processing that the surveying law asks for.
type GCJ02Point struct{ Lon, Lat float64 }

// BD09Point is a position in degrees as Baidu shifts GCJ-02 once more (BD-09).
type BD09Point struct{ Lon, Lat float64 }

const (
	gcjSemiMajorM = 6378245.0              // Krasovsky 1940
	gcjEcc2       = 0.00669342162296594323 // its squared eccentricity, as the formula writes it

	// inverseStep ends the iterations, in degrees: 0.1 µm. The published inverse stops at 1e-6 (0.15 m) or after one step (5 m).
	inverseStep = 1e-12
	// inverseRounds is never reached in China (5 rounds) and bounds the work elsewhere.
	inverseRounds = 32
)

func inGCJBox(lon, lat float64) bool {
	return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271
}

// ToGCJ02 shifts a position in degrees, CGCS2000. Outside the rectangle 72.004°–137.8347° E, 0.8293°–55.8271° N it is
// returned as it is.
func ToGCJ02(p orb.Point) GCJ02Point {
	if !inGCJBox(p[0], p[1]) {
		return GCJ02Point{p[0], p[1]}
	}
	dLon, dLat := gcjShift(p[0], p[1])
	return GCJ02Point{p[0] + dLon, p[1] + dLat}
}

// LonLat returns the position in degrees, CGCS2000, whose shift is g, found by iteration to better than 1e-11 degree.
// Outside the rectangle of ToGCJ02 it is g itself. Within a kilometre of the rectangle's edge, which lies abroad or at sea, the
// formula jumps and an inverse need not exist; the shift is then taken as if it went on.
func (g GCJ02Point) LonLat() orb.Point {
	if !inGCJBox(g.Lon, g.Lat) {
		return orb.Point{g.Lon, g.Lat}
	}
	lon, lat := g.Lon, g.Lat
	for range inverseRounds {
		dLon, dLat := gcjShift(lon, lat)
		nextLon, nextLat := g.Lon-dLon, g.Lat-dLat
		step := math.Max(math.Abs(nextLon-lon), math.Abs(nextLat-lat))
		lon, lat = nextLon, nextLat
		if step < inverseStep {
			break
		}
	}
	return orb.Point{lon, lat}
}

func gcjShift(lon, lat float64) (dLon, dLat float64) {
	x, y := lon-105, lat-35
	root := math.Sqrt(math.Abs(x))
	sinX, cosX := math.Sincos(x * math.Pi)
	sin2X := 2 * sinX * cosX
	// sin 6πx = sin 3(2πx) = 3s − 4s³
	common := (20*(3*sin2X-4*sin2X*sin2X*sin2X) + 20*sin2X) * 2 / 3
	dLat = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + common +
		(20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi))*2/3 +
		(160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	dLon = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + common +
		(20*sinX+40*math.Sin(x/3*math.Pi))*2/3 +
		(150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	sinLat, cosLat := math.Sincos(lat * degree)
	w := 1 - gcjEcc2*sinLat*sinLat
	dLat = dLat / degree / (gcjSemiMajorM * (1 - gcjEcc2) / (w * math.Sqrt(w)))
	dLon = dLon / degree / (gcjSemiMajorM / math.Sqrt(w) * cosLat)
	return dLon, dLat
}

// BD09 shifts g once more. The formula is applied everywhere, in China or not, as the published code does.
func (g GCJ02Point) BD09() BD09Point {
	const k = math.Pi * 3000 / 180
	z := math.Hypot(g.Lon, g.Lat) + 2e-5*math.Sin(g.Lat*k)
	theta := math.Atan2(g.Lat, g.Lon) + 3e-6*math.Cos(g.Lon*k)
	sin, cos := math.Sincos(theta)
	return BD09Point{z*cos + 0.0065, z*sin + 0.006}
}

// GCJ02 returns the position whose BD-09 shift is b, found by iteration to better than 1e-11 degree.
func (b BD09Point) GCJ02() GCJ02Point {
	g := GCJ02Point{b.Lon - 0.0065, b.Lat - 0.006}
	for range inverseRounds {
		at := g.BD09()
		dLon, dLat := at.Lon-b.Lon, at.Lat-b.Lat
		g.Lon -= dLon
		g.Lat -= dLat
		if math.Max(math.Abs(dLon), math.Abs(dLat)) < inverseStep {
			break
		}
	}
	return g
}

// ToBD09 shifts a position in degrees, CGCS2000: ToGCJ02, then BD09.
func ToBD09(p orb.Point) BD09Point { return ToGCJ02(p).BD09() }

// LonLat returns the position in degrees, CGCS2000, whose BD-09 shift is b.
func (b BD09Point) LonLat() orb.Point { return b.GCJ02().LonLat() }
