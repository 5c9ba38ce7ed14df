package crs

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// System converts between the coordinates of a file or a caller and lon, lat in degrees, CGCS2000: a CRS, or a legacy one with its
// parameters (Shifted).
type System interface {
	ToLonLat(x, y float64) (orb.Point, error)
	FromLonLat(p orb.Point) (x, y float64, err error)
	// Projected reports whether the coordinates are metres of a projection rather than degrees.
	Projected() bool
	String() string
}

var (
	_ System = CRS{}
	_ System = Shifted{}
)

// Legacy is a reference system on one of the two national datums before CGCS2000: degrees (Beijing 1954 EPSG:4214, Xi'an 1980
// EPSG:4610), or Gauss-Kruger zones of 3° and 6°, with and without the zone before the easting. It is a type of its own and no System, because nothing leads
// from it to CGCS2000 but parameters that the surveying authority hands out for a district: see With.
type Legacy struct{ id int16 }

var (
	// Beijing1954 is EPSG:4214, the 1954 Beijing system (1954年北京坐标系) in degrees, on the ellipsoid of Krasovsky.
	Beijing1954 = Legacy{4214}
	// Xian1980 is EPSG:4610, the Xi'an 1980 system (1980西安坐标系) in degrees, on the ellipsoid IAG 1975.
	Xian1980 = Legacy{4610}
)

// LegacyPoint is a position in degrees on an old datum. Beside one in CGCS2000 nothing on its face tells the two apart, some 100 m.
type LegacyPoint struct{ Lon, Lat float64 }

// The old ellipsoids (EPSG Dataset 7024 Krassowsky 1940, 7049 IAG 1975).
var (
	krasovsky1940 = newEllipsoid(6378245, 1/298.3)
	iag1975       = newEllipsoid(6378140, 1/298.257)
)

// legacyZones are the rows of zones in the EPSG Dataset: the code of the first and the number of its zone.
var legacyZones = []struct {
	epsg, first, last, width int
	prefixed                 bool
	datum                    Legacy
}{
	{2327, 13, 23, 6, true, Xian1980}, {2338, 13, 23, 6, false, Xian1980},
	{2349, 25, 45, 3, true, Xian1980}, {2370, 25, 45, 3, false, Xian1980},
	{21413, 13, 23, 6, true, Beijing1954}, {21453, 13, 23, 6, false, Beijing1954},
	{2401, 25, 45, 3, true, Beijing1954}, {2422, 25, 45, 3, false, Beijing1954},
}

func (l Legacy) zone() (zone, bool) {
	for _, r := range legacyZones {
		if n := int(l.id) - r.epsg + r.first; n >= r.first && n <= r.last {
			return newZone(r.datum.ellipsoid(), n, r.width, r.prefixed), true
		}
	}
	return zone{}, false
}

func (l Legacy) ellipsoid() *ellipsoid {
	if l.Datum() == Xian1980 {
		return iag1975
	}
	return krasovsky1940
}

// Datum returns Beijing1954 or Xian1980; none for the zero value.
func (l Legacy) Datum() Legacy {
	for _, r := range legacyZones {
		if n := int(l.id) - r.epsg; n >= 0 && n <= r.last-r.first {
			return r.datum
		}
	}
	return l
}

// EPSG returns the code in the EPSG registry, 0 for the zero value.
func (l Legacy) EPSG() int { return int(l.id) }

// String returns "EPSG:2437", which ParseLegacy reads; "" for the zero value.
func (l Legacy) String() string {
	if l.id == 0 {
		return ""
	}
	return "EPSG:" + strconv.Itoa(int(l.id))
}

// Projected reports whether the coordinates are metres of a zone rather than degrees.
func (l Legacy) Projected() bool { return l != Beijing1954 && l != Xian1980 && l != Legacy{} }

// ParseLegacy reads "EPSG:2437", "2437", the URN and URI of such codes, "Beijing 1954", "Beijing54", "北京54", "Xian 1980", "Xian80", "西安80"
// and the full Chinese names. The error is ErrUnsupported.
func ParseLegacy(s string) (Legacy, error) {
	t := strings.ToLower(strings.Trim(strings.TrimSpace(s), "[]<>"))
	if len(t) > 200 {
		return Legacy{}, notLegacy(s)
	}
	switch strings.NewReplacer(" ", "", "-", "", "_", "", "'", "", "’", "", "年", "").Replace(t) {
	case "beijing1954", "beijing54", "bj54", "北京54", "北京1954", "1954北京坐标系", "54北京坐标系":
		return Beijing1954, nil
	case "xian1980", "xian80", "西安80", "西安1980", "1980西安坐标系", "80西安坐标系":
		return Xian1980, nil
	}
	digits := t[strings.LastIndexAny(t, ":/")+1:]
	if rest := strings.TrimSuffix(t, digits); rest != "" && !strings.Contains(rest, "epsg") {
		return Legacy{}, notLegacy(s)
	}
	code, err := strconv.ParseUint(digits, 10, 15)
	if err != nil {
		return Legacy{}, notLegacy(s)
	}
	l := Legacy{int16(code)}
	if _, ok := l.zone(); ok || l == Beijing1954 || l == Xian1980 {
		return l, nil
	}
	return Legacy{}, notLegacy(s)
}

func notLegacy(s string) error {
	return refuse(ErrUnsupported,
		"%.60q 不是 1954 北京或 1980 西安坐标系；可用 EPSG:4214、2401–2442、21413–21423、21453–21463（北京 1954）和 EPSG:4610、2327–2390（西安 1980）",
		"%.60q is no system of Beijing 1954 or Xi'an 1980; use EPSG:4214, 2401–2442, 21413–21423, 21453–21463 (Beijing 1954) or EPSG:4610, 2327–2390 (Xi'an 1980)", s)
}

// Degrees takes coordinates of the system to degrees on its own datum. Errors as in CRS.ToLonLat.
func (l Legacy) Degrees(x, y float64) (LegacyPoint, error) {
	if z, ok := l.zone(); ok {
		lon, lat, ok := z.inverse(x, y)
		if !ok {
			return LegacyPoint{}, refuse(ErrOutOfRange,
				"坐标 x=%s y=%s 不在 %s 的范围内；请检查坐标系、带号和 x、y 的次序",
				"x=%s y=%s are no coordinates of %s; check the CRS, the zone and the order of x and y", show(x), show(y), l)
		}
		return LegacyPoint{lon, lat}, nil
	}
	if l == (Legacy{}) {
		return LegacyPoint{}, errNone
	}
	if !inDegrees(x, y) {
		return LegacyPoint{}, CGCS2000.outOfRange(x, y)
	}
	return LegacyPoint{x, y}, nil
}

// Coordinates takes degrees on the datum of the system to its coordinates. Errors as in CRS.FromLonLat.
func (l Legacy) Coordinates(p LegacyPoint) (x, y float64, err error) {
	if l == (Legacy{}) {
		return 0, 0, errNone
	}
	if !inDegrees(p.Lon, p.Lat) {
		return 0, 0, CGCS2000.outOfRange(p.Lon, p.Lat)
	}
	if z, ok := l.zone(); ok {
		x, y, ok := z.forward(p.Lon, p.Lat)
		if !ok {
			return 0, 0, refuse(ErrOutOfRange,
				"位置 %.6f°, %.6f° 离 %s 的中央子午线 %[4]v° 太远，不能用该带表示",
				"the position %.6f°, %.6f° is too far from the central meridian %[4]v° of %[3]s to be written in it", p.Lon, p.Lat, l, z.cm)
		}
		return x, y, nil
	}
	return p.Lon, p.Lat, nil
}

// Shifted is a legacy system with the parameters that lead to CGCS2000; the zero value converts nothing.
type Shifted struct {
	legacy       Legacy
	toNew, toOld affine
}

// With adds the parameters of the district. The error is ErrParameters for those that Validate refuses, ErrUnsupported for the zero system.
func (l Legacy) With(h Helmert) (Shifted, error) {
	if l == (Legacy{}) {
		return Shifted{}, errNone
	}
	if err := h.Validate(); err != nil {
		return Shifted{}, err
	}
	there := h.affine()
	s := Shifted{legacy: l, toNew: there, toOld: there.inverse()}
	if h.FromCGCS2000 {
		s.toNew, s.toOld = s.toOld, s.toNew
	}
	return s, nil
}

// Legacy returns the system without its parameters.
func (s Shifted) Legacy() Legacy { return s.legacy }

// String returns the name of the legacy system; its parameters are not in it.
func (s Shifted) String() string { return s.legacy.String() }

// Projected is that of the legacy system.
func (s Shifted) Projected() bool { return s.legacy.Projected() }

// LonLat takes degrees on the old datum to lon, lat in degrees, CGCS2000. Positions have no height here: the point is taken to lie on
// the old ellipsoid. 1,000 m of height move the result by a few centimetres at most (the height times the angle between the two normals).
func (s Shifted) LonLat(p LegacyPoint) orb.Point {
	lon, lat, _ := cgcs2000Ellipsoid.geodetic(s.toNew.apply(s.legacy.ellipsoid().geocentric(p.Lon, p.Lat, 0)))
	return orb.Point{lon, lat}
}

// Old is the inverse of LonLat, exact to a nanometre: it seeks the height in CGCS2000 that lands on the old ellipsoid.
func (s Shifted) Old(p orb.Point) LegacyPoint {
	on := s.legacy.ellipsoid()
	var lon, lat, heightM float64
	for range 4 { // the error shrinks ten-thousandfold a round
		var off float64
		lon, lat, off = on.geodetic(s.toOld.apply(cgcs2000Ellipsoid.geocentric(p[0], p[1], heightM)))
		heightM -= off
	}
	return LegacyPoint{lon, lat}
}

// ToLonLat converts x (easting or longitude) and y (northing or latitude) to lon, lat in degrees, CGCS2000. Errors as in CRS.ToLonLat.
func (s Shifted) ToLonLat(x, y float64) (orb.Point, error) {
	p, err := s.legacy.Degrees(x, y)
	if err != nil {
		return orb.Point{}, err
	}
	return s.LonLat(p), nil
}

// FromLonLat converts lon, lat in degrees, CGCS2000. Errors as in CRS.FromLonLat.
func (s Shifted) FromLonLat(p orb.Point) (x, y float64, err error) {
	if s.legacy == (Legacy{}) {
		return 0, 0, errNone
	}
	if !inDegrees(p[0], p[1]) {
		return 0, 0, CGCS2000.outOfRange(p[0], p[1])
	}
	return s.legacy.Coordinates(s.Old(p))
}

// geocentric takes degrees and metres above the ellipsoid to geocentric metres.
func (e *ellipsoid) geocentric(lon, lat, heightM float64) vector {
	sinLat, cosLat := math.Sincos(lat * degree)
	sinLon, cosLon := math.Sincos(lon * degree)
	e2 := e.eccentricity * e.eccentricity
	n := e.semiMajorM / math.Sqrt(1-e2*sinLat*sinLat)
	return vector{(n + heightM) * cosLat * cosLon, (n + heightM) * cosLat * sinLon, (n*(1-e2) + heightM) * sinLat}
}

// geodetic is the inverse of geocentric by Bowring's iteration (B. R. Bowring, Transformation from spatial to geographical coordinates, 1976), for
// positions within some hundred kilometres of the surface.
func (e *ellipsoid) geodetic(v vector) (lon, lat, heightM float64) {
	e2 := e.eccentricity * e.eccentricity
	ratio := math.Sqrt(1 - e2) // b/a
	minor := e.semiMajorM * ratio
	r := math.Hypot(v[0], v[1])
	tanBeta := v[2] / (r * ratio)
	var tanPhi float64
	for range 3 { // one is good to a micrometre near the surface
		cosBeta := 1 / math.Sqrt(1+tanBeta*tanBeta)
		sinBeta := tanBeta * cosBeta
		tanPhi = (v[2] + e2/(1-e2)*minor*sinBeta*sinBeta*sinBeta) / (r - e2*e.semiMajorM*cosBeta*cosBeta*cosBeta)
		tanBeta = ratio * tanPhi
	}
	phi := math.Atan(tanPhi)
	sinPhi, cosPhi := math.Sincos(phi)
	// R. M. Toms' form of the height, without cancellation at the poles.
	heightM = r*cosPhi + v[2]*sinPhi - e.semiMajorM*math.Sqrt(1-e2*sinPhi*sinPhi)
	return math.Atan2(v[1], v[0]) / degree, phi / degree, heightM
}
