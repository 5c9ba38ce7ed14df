// Package crs converts coordinates at the door: whatever reference system a file or a caller speaks, inside the house every
// orb.Point is lon, lat in degrees, CGCS2000 (EPSG:4490), and what is stored lies on the grid of Quantum.
//
// Supported are CGCS2000 and WGS 84 in degrees (EPSG 4490, 4326), CGCS2000 / Gauss-Kruger in zones of 3° and 6°, with and
// without the zone before the easting (EPSG 4491–4554), Web Mercator (EPSG:3857), and the shifted positions of Chinese web
// maps, GCJ-02 and BD-09.
//
// WGS 84 and CGCS2000 are taken as the same. Their ellipsoids differ by 0.1 mm at the pole; their frames are ITRF at different
// epochs (CGCS2000: ITRF97 at 2000.0), and the EPSG registry and PROJ know only a null transformation between them. Through plate
// motion of some 3 cm a year a raw satellite reading of the 2020s may be off by about 0.8 m, so the reference system that a record came in is
// kept beside it. Beijing 1954 and Xi'an 1980 are types of their own (Legacy), which convert only with the seven parameters that the
// surveying authority supplies for a district; without them, and for local systems, any result would be a guess and is refused.
//
// Everywhere x is the easting or the longitude and y the northing or the latitude, as data files store them, although the
// registry names the northing first for nearly all of these systems (see LatFirst) and Chinese survey calls the northing X.
package crs

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// CRS is a coordinate reference system that Yutu speaks. It is comparable; the zero value is none and converts nothing.
type CRS struct{ id int16 }

var (
	// CGCS2000 is EPSG:4490, the national system in degrees (2000国家大地坐标系).
	CGCS2000 = CRS{4490}
	// WGS84 is EPSG:4326, also known as CRS84 where the longitude comes first.
	WGS84 = CRS{4326}
	// WebMercator is EPSG:3857, the spherical Mercator of web maps. Its metres are not metres on the ground.
	WebMercator = CRS{3857}
	// GCJ02 are the shifted degrees of Chinese web maps (火星坐标), see GCJ02Point.
	GCJ02 = CRS{-1}
	// BD09 are the doubly shifted degrees of Baidu, see BD09Point.
	BD09 = CRS{-2}
)

// EPSG returns the code in the EPSG registry; 0 for GCJ-02, BD-09 and the zero value.
func (c CRS) EPSG() int { return max(int(c.id), 0) }

// String returns "EPSG:4549", "GCJ02" or "BD09", which Parse reads; "" for the zero value.
func (c CRS) String() string {
	switch {
	case c == GCJ02:
		return "GCJ02"
	case c == BD09:
		return "BD09"
	case c.id > 0:
		return "EPSG:" + strconv.Itoa(int(c.id))
	}
	return ""
}

// Projected reports whether the coordinates are metres of a projection rather than degrees.
func (c CRS) Projected() bool { _, gk := c.zone(); return gk || c == WebMercator }

// LatFirst reports whether the EPSG registry names the latitude or northing first. It matters where a service answers in
// the order of the authority; data files are read x first whatever this says. CRS84 is read as WGS84 and loses its own order.
func (c CRS) LatFirst() bool { _, gk := c.zone(); return gk || c == CGCS2000 || c == WGS84 }

// ToLonLat converts x (easting or longitude) and y (northing or latitude) to lon, lat in degrees, CGCS2000; the result is
// not yet on the grid (see Snap). The error is ErrOutOfRange for values that are not finite or that no position of the
// system has: degrees beyond ±180 or ±90, Web Mercator outside its square, Gauss-Kruger further than 15° from the central
// meridian or outside the latitudes 0° to 60°. Positions outside China are converted; whether they make sense there is for
// InChina and Suspect to say.
func (c CRS) ToLonLat(x, y float64) (orb.Point, error) {
	if z, ok := c.zone(); ok {
		lon, lat, ok := z.inverse(x, y)
		if !ok {
			return orb.Point{}, c.outOfRange(x, y)
		}
		return orb.Point{lon, lat}, nil
	}
	switch c {
	case CGCS2000, WGS84:
		if inDegrees(x, y) {
			return orb.Point{x, y}, nil
		}
	case WebMercator:
		if lon, lat, ok := mercatorInverse(x, y); ok {
			return orb.Point{lon, lat}, nil
		}
	case GCJ02:
		if inDegrees(x, y) {
			return GCJ02Point{x, y}.LonLat(), nil
		}
	case BD09:
		if inDegrees(x, y) {
			return BD09Point{x, y}.LonLat(), nil
		}
	default:
		return orb.Point{}, errNone
	}
	return orb.Point{}, c.outOfRange(x, y)
}

// FromLonLat converts lon, lat in degrees, CGCS2000, to x (easting or longitude) and y (northing or latitude). Errors as
// in ToLonLat.
func (c CRS) FromLonLat(p orb.Point) (x, y float64, err error) {
	if !inDegrees(p[0], p[1]) {
		return 0, 0, CGCS2000.outOfRange(p[0], p[1])
	}
	if z, ok := c.zone(); ok {
		if x, y, ok = z.forward(p[0], p[1]); !ok {
			return 0, 0, c.notInZone(p, z)
		}
		return x, y, nil
	}
	switch c {
	case CGCS2000, WGS84:
		return p[0], p[1], nil
	case WebMercator:
		if x, y, ok := mercatorForward(p[0], p[1]); ok {
			return x, y, nil
		}
		return 0, 0, refuse(ErrOutOfRange,
			"纬度 %[2]v° 超出 Web 墨卡托范围（±85.0511°）", "latitude %[2]v° is beyond Web Mercator, which ends at ±85.0511°", p[0], p[1])
	case GCJ02:
		g := ToGCJ02(p)
		return g.Lon, g.Lat, nil
	case BD09:
		b := ToBD09(p)
		return b.Lon, b.Lat, nil
	}
	return 0, 0, errNone
}

// NaN fails both comparisons.
func inDegrees(lon, lat float64) bool { return lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90 }

// InChina reports whether a position lies in the box of longitudes 73°–136° and latitudes 3°–54° around all of China's
// land and sea (EPSG area 1067, "China - onshore and offshore", with the islands south of it).
func InChina(p orb.Point) bool { return inBox(p[0], p[1]) }

func inBox(lon, lat float64) bool { return lon >= 73 && lon <= 136 && lat >= 3 && lat <= 54 }

// Parse reads a name of a supported system: "EPSG:4549", "4549", "urn:ogc:def:crs:EPSG::4549",
// "http://www.opengis.net/def/crs/EPSG/0/4549", any of them in brackets, "CRS84" and its URN and URI, "CGCS2000", "WGS84",
// "GCJ02", "BD09". Case, spaces, hyphens and underlines do not matter. The error is ErrUnsupported and says what to do.
func Parse(s string) (CRS, error) {
	const longest = 200 // the longest spelling above has 50; keeps an error readable
	if len(s) > longest {
		return CRS{}, refuse(ErrUnsupported, "坐标系名称过长（%d 字节）", "the name of the CRS is too long (%d bytes)", len(s))
	}
	t := strings.ToLower(strings.Trim(strings.TrimSpace(s), "[]<>"))
	switch strings.NewReplacer(" ", "", "-", "", "_", "").Replace(t) {
	case "cgcs2000", "2000国家大地坐标系", "国家2000":
		return CGCS2000, nil
	case "wgs84", "crs84", "ogc:crs84", "ogc:1.3:crs84":
		return WGS84, nil
	case "gcj02", "火星坐标":
		return GCJ02, nil
	case "bd09", "bd09ll", "百度坐标":
		return BD09, nil
	}
	for _, prefix := range []string{"urn:ogc:def:crs:", "urn:x-ogc:def:crs:"} {
		if rest, ok := strings.CutPrefix(t, prefix); ok {
			return parseAuthority(s, strings.Split(rest, ":"))
		}
	}
	for _, prefix := range []string{"http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/"} {
		if rest, ok := strings.CutPrefix(t, prefix); ok {
			return parseAuthority(s, strings.Split(rest, "/"))
		}
	}
	if code, ok := strings.CutPrefix(t, "epsg:"); ok {
		t = strings.TrimLeft(code, ": ")
	}
	return parseEPSG(s, t)
}

// parseAuthority reads authority, version and code, such as epsg, 0, 4549.
func parseAuthority(whole string, parts []string) (CRS, error) {
	if len(parts) == 3 || len(parts) == 2 {
		switch code := parts[len(parts)-1]; parts[0] {
		case "epsg":
			return parseEPSG(whole, code)
		case "ogc":
			if code == "crs84" {
				return WGS84, nil
			}
		}
	}
	return CRS{}, unsupportedName(whole)
}

func parseEPSG(whole, digits string) (CRS, error) {
	code, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return CRS{}, unsupportedName(whole)
	}
	return fromEPSG(int(code))
}

func fromEPSG(code int) (CRS, error) {
	switch {
	case code == 4490 || code == 4326 || code == 3857 || code >= firstZoneEPSG && code <= lastZoneEPSG:
		return CRS{int16(code)}, nil
	}
	if d := oldDatumOf(code); d != "" {
		return CRS{}, unsupportedDatum(fmt.Sprintf("EPSG:%d (%s)", code, d))
	}
	return CRS{}, unsupportedName(fmt.Sprintf("EPSG:%d", code))
}

// oldDatumOf names the Chinese datum before CGCS2000 that an EPSG code stands on, or "" for any other code.
// Source: EPSG Dataset v10.074 as shipped with PROJ 9.1.1.
func oldDatumOf(code int) string {
	for _, r := range oldDatums {
		if code >= r.from && code <= r.to {
			return r.name
		}
	}
	return ""
}

var oldDatums = []struct {
	from, to int
	name     string
}{
	{4610, 4610, "Xi'an 1980"},
	{2327, 2390, "Xi'an 1980"},
	{4214, 4214, "Beijing 1954"},
	{2401, 2442, "Beijing 1954"},
	{21413, 21423, "Beijing 1954"},
	{21453, 21463, "Beijing 1954"},
	{4555, 4555, "New Beijing"},
	{4568, 4589, "New Beijing"},
	{4652, 4656, "New Beijing"},
	{4766, 4800, "New Beijing"},
	{4812, 4812, "New Beijing"},
	{4822, 4822, "New Beijing"},
}

// Quantum is the grid of stored coordinates in degrees: 0.1 mm on the ground. All stored coordinates are multiples of it.
const Quantum = 1e-9

// Snap moves p to the nearest multiple of Quantum: each ordinate becomes the float64 that reading its nine decimals gives, so that
// writing %.9f and reading it back is exact, and Snap of it is itself. −0 becomes 0. Values that are not finite or are larger than
// any angle or metre (2⁵³ quanta) are returned as they are.
func Snap(p orb.Point) orb.Point { return orb.Point{snap(p[0]), snap(p[1])} }

func snap(v float64) float64 {
	k := math.Round(v * 1e9)
	if !(math.Abs(k) < 1<<53) {
		return v
	}
	// Both operands are exact integers, so the quotient is the correctly rounded decimal.
	return k/1e9 + 0
}
