package crs

import "math"

// The ellipsoid of CGCS2000 (GB 22021-2008, 大地测量基本技术规定): equatorial radius in metres and flattening.
const (
	semiMajorAxisM = 6378137.0
	flattening     = 1 / 298.257222101
)

// EPSG codes of CGCS2000 / Gauss-Kruger (EPSG Dataset; zones after GB/T 13989-2012):
//
//	4491–4501  zones of 6°, number 13–23, false easting 13 500 000 … 23 500 000 m
//	4502–4512  zones of 6°, central meridian 75°–135°, false easting 500 000 m
//	4513–4533  zones of 3°, number 25–45, false easting 25 500 000 … 45 500 000 m
//	4534–4554  zones of 3°, central meridian 75°–135°, false easting 500 000 m
const (
	firstZoneEPSG = 4491
	lastZoneEPSG  = 4554
)

// zone is one Gauss-Kruger zone, scale 1 on the central meridian, northings from the equator.
type zone struct {
	on           *ellipsoid
	cm           float64 // central meridian, degrees
	falseEasting float64 // metres
	width        int     // 3 or 6 degrees
	number       int     // 13–23 for 6°, 25–45 for 3°
	prefixed     bool    // whether the easting begins with the number
}

var zones = func() (t [lastZoneEPSG - firstZoneEPSG + 1]zone) {
	put := func(epsg, first, last, width int, prefixed bool) {
		for n := first; n <= last; n++ {
			t[epsg+n-first-firstZoneEPSG] = newZone(cgcs2000Ellipsoid, n, width, prefixed)
		}
	}
	put(4491, 13, 23, 6, true)
	put(4502, 13, 23, 6, false)
	put(4513, 25, 45, 3, true)
	put(4534, 25, 45, 3, false)
	return t
}()

func newZone(on *ellipsoid, number, width int, prefixed bool) zone {
	z := zone{on: on, cm: float64(3 * number), falseEasting: 500_000, width: width, number: number, prefixed: prefixed}
	if width == 6 {
		z.cm = float64(6*number - 3)
	}
	if prefixed {
		z.falseEasting += float64(number) * 1e6
	}
	return z
}

func (c CRS) zone() (zone, bool) {
	if c.id < firstZoneEPSG || c.id > lastZoneEPSG {
		return zone{}, false
	}
	return zones[c.id-firstZoneEPSG], true
}

// Further than this from the central meridian, or outside these latitudes, no coordinates of a Chinese survey lie: five zones
// of 3°, and China from 3° to 54° with a margin. The series itself is good to nanometres for twice as far.
const (
	maxFromMeridianDeg = 15
	maxZoneLatDeg      = 60
	// On the equator, 15° from the central meridian, the easting is 1 691 km; 60° on the meridian is 6 654 km north.
	maxEastM, maxNorthM = 1_700_000, 6_800_000
	minNorthM           = -1
)

// ellipsoid is a body of revolution with what the transverse Mercator projection needs of it, by Krüger's series in the third
// flattening n, carried to n⁶ (L. Krüger, Konforme Abbildung des Erdellipsoids in der Ebene, 1912; coefficients as in C. F. F. Karney,
// Transverse Mercator with an accuracy of a few nanometers, J. Geodesy 85, 2011, eqs. 35 and 36; for the latitude R. E. Deakin,
// M. N. Hunter, C. F. F. Karney, The Gauss-Krüger projection, 2010).
type ellipsoid struct {
	semiMajorM   float64
	eccentricity float64
	rectifyingM  float64 // radius of the circle as long as the meridian
	// alpha takes the sphere to the plane, beta the plane to the sphere, delta the conformal latitude to the geodetic.
	alpha, beta, delta [6]float64
}

var cgcs2000Ellipsoid = newEllipsoid(semiMajorAxisM, flattening)

func newEllipsoid(semiMajorM, f float64) *ellipsoid {
	n1 := f / (2 - f)
	n2 := n1 * n1
	n3, n4 := n2*n1, n2*n2
	n5, n6 := n4*n1, n4*n2
	e := &ellipsoid{semiMajorM: semiMajorM, eccentricity: math.Sqrt(f * (2 - f)), rectifyingM: semiMajorM / (1 + n1) * (1 + n2/4 + n4/64 + n6/256)}
	e.alpha = [6]float64{
		n1/2 - n2*2/3 + n3*5/16 + n4*41/180 - n5*127/288 + n6*7891/37800,
		n2*13/48 - n3*3/5 + n4*557/1440 + n5*281/630 - n6*1983433/1935360,
		n3*61/240 - n4*103/140 + n5*15061/26880 + n6*167603/181440,
		n4*49561/161280 - n5*179/168 + n6*6601661/7257600,
		n5*34729/80640 - n6*3418889/1995840,
		n6 * 212378941 / 319334400,
	}
	e.beta = [6]float64{
		n1/2 - n2*2/3 + n3*37/96 - n4*1/360 - n5*81/512 + n6*96199/604800,
		n2*1/48 + n3*1/15 - n4*437/1440 + n5*46/105 - n6*1118711/3870720,
		n3*17/480 - n4*37/840 - n5*209/4480 + n6*5569/90720,
		n4*4397/161280 - n5*11/504 - n6*830251/7257600,
		n5*4583/161280 - n6*108847/3991680,
		n6 * 20648693 / 638668800,
	}
	e.delta = [6]float64{
		2*n1 - n2*2/3 - n3*2 + n4*116/45 + n5*26/45 - n6*2854/675,
		n2*7/3 - n3*8/5 - n4*227/45 + n5*2704/315 + n6*2323/945,
		n3*56/15 - n4*136/35 - n5*1262/105 + n6*73814/2835,
		n4*4279/630 - n5*332/35 - n6*399572/14175,
		n5*4174/315 - n6*144838/6237,
		n6 * 601676 / 22275,
	}
	return e
}

const degree = math.Pi / 180

// forward projects degrees to easting and northing in metres; ok is false too far from the zone.
func (z zone) forward(lon, lat float64) (x, y float64, ok bool) {
	dl := lon - z.cm
	if !(math.Abs(dl) <= maxFromMeridianDeg && lat >= 0 && lat <= maxZoneLatDeg) {
		return 0, 0, false
	}
	sinPhi, cosPhi := math.Sincos(lat * degree)
	tau := sinPhi / cosPhi
	sigma := math.Sinh(z.on.eccentricity * math.Atanh(z.on.eccentricity*sinPhi))
	// The tangent of the conformal latitude.
	tauC := tau*math.Sqrt(1+sigma*sigma) - sigma*math.Sqrt(1+tau*tau)
	sinL, cosL := math.Sincos(dl * degree)
	xi := math.Atan2(tauC, cosL)
	eta := math.Asinh(sinL / math.Sqrt(tauC*tauC+cosL*cosL))
	dXi, dEta := series(&z.on.alpha, xi, eta)
	return z.falseEasting + z.on.rectifyingM*(eta+dEta), z.on.rectifyingM * (xi + dXi), true
}

// inverse takes easting and northing in metres to degrees; ok is false for coordinates too far from the zone.
func (z zone) inverse(x, y float64) (lon, lat float64, ok bool) {
	east := x - z.falseEasting
	if !(math.Abs(east) <= maxEastM && y >= minNorthM && y <= maxNorthM) {
		return 0, 0, false
	}
	xi, eta := y/z.on.rectifyingM, east/z.on.rectifyingM
	dXi, dEta := series(&z.on.beta, xi, eta)
	sinXi, cosXi := math.Sincos(xi - dXi)
	sinhEta := math.Sinh(eta - dEta)
	// The conformal latitude, then the geodetic.
	chi := math.Atan2(sinXi, math.Sqrt(sinhEta*sinhEta+cosXi*cosXi))
	lat = (chi + sineSeries(&z.on.delta, chi)) / degree
	dl := math.Atan2(sinhEta, cosXi) / degree
	// A little more than forward allows, so that whatever it gave comes back.
	const slack = 1e-9
	if math.Abs(dl) > maxFromMeridianDeg+slack || lat < -slack || lat > maxZoneLatDeg+slack {
		return 0, 0, false
	}
	return z.cm + dl, lat, true
}

// series is Σ c[k]·sin 2(k+1)ζ for ζ = ξ + iη by Clenshaw's recurrence; it returns the real and the imaginary part.
func series(c *[6]float64, xi, eta float64) (re, im float64) {
	sin2, cos2 := math.Sincos(2 * xi)
	e := math.Exp(2 * eta)
	cosh2, sinh2 := (e+1/e)/2, (e-1/e)/2
	// 2·cos 2ζ
	pr, pi := 2*cos2*cosh2, -2*sin2*sinh2
	var ar, ai, br, bi float64
	for k := len(c) - 1; k >= 0; k-- {
		ar, ai, br, bi = pr*ar-pi*ai-br+c[k], pr*ai+pi*ar-bi, ar, ai
	}
	// times sin 2ζ
	sr, si := sin2*cosh2, cos2*sinh2
	return ar*sr - ai*si, ar*si + ai*sr
}

// sineSeries is Σ c[k]·sin 2(k+1)φ.
func sineSeries(c *[6]float64, phi float64) float64 {
	sin2, cos2 := math.Sincos(2 * phi)
	var a, b float64
	for k := len(c) - 1; k >= 0; k-- {
		a, b = 2*cos2*a-b+c[k], a
	}
	return a * sin2
}

// Web Mercator (EPSG method 1024, Popular Visualisation Pseudo Mercator): the ellipsoid's degrees on a sphere of its radius.
const (
	mercatorEdgeM   = math.Pi * semiMajorAxisM
	mercatorMaxLat  = 85.051128779806604 // where the map is square
	mercatorSlackM  = 1e-3               // coordinates of the edge itself are often written rounded
	mercatorSlackLa = 1e-9
)

func mercatorForward(lon, lat float64) (x, y float64, ok bool) {
	if math.Abs(lat) > mercatorMaxLat+mercatorSlackLa {
		return 0, 0, false
	}
	return semiMajorAxisM * lon * degree, semiMajorAxisM * math.Asinh(math.Tan(lat*degree)), true
}

func mercatorInverse(x, y float64) (lon, lat float64, ok bool) {
	if !(math.Abs(x) <= mercatorEdgeM+mercatorSlackM && math.Abs(y) <= mercatorEdgeM+mercatorSlackM) {
		return 0, 0, false
	}
	lon = min(max(x/semiMajorAxisM/degree, -180), 180)
	return lon, math.Atan(math.Sinh(y/semiMajorAxisM)) / degree, true
}
