package geodesy

import (
	"math"

	"github.com/paulmach/orb"
)

// Foot is the place on a line nearest to a point.
type Foot struct {
	// Point is the place itself.
	Point orb.Point
	// DistM is the length in metres of the geodesic to it.
	DistM float64
	// Segment is the number of the segment it lies on, from 0, the lower one where two meet; −1 when the line is empty.
	Segment int
	// AlongM is how far from the beginning of the line it lies, in metres.
	AlongM float64
}

// MaxErrorM bounds the error of Nearest in metres, for the distance and for the place along a segment, as long as segment and distance
// are shorter than 1,000 km. Farther out, up to 5,000 km, it is a micrometre still for the distance.
const MaxErrorM = 1e-6

const (
	// minRadiusM is below every radius of curvature of the ellipsoid: a(1−e²) is 6 335 439 m, that of the meridian at the equator.
	minRadiusM = 6_335_000
	// footStepM ends the search along a segment.
	footStepM = 1e-8
	// footRounds is never reached where MaxErrorM holds (6 at most) and bounds the work elsewhere.
	footRounds = 30
	// roundingM is what distances may be off by rounding, metres.
	roundingM = 2e-8
	// chordSlackM covers the rounding of chords, some 2 nm.
	chordSlackM = 1e-7
)

// Nearest returns the place on a line, whose segments are geodesics, that is nearest to p, on the ellipsoid. A line of one position is
// that position. Of several places equally near, as far as MaxErrorM tells, any may be returned. Positions that are none give NaN and
// segment −1, as an empty line does.
//
// Segments are passed over by a bound that is safe: a geodesic has at least the curvature of no circle smaller than minRadiusM, so it keeps within
// L²/8R of its chord, and no distance on the surface is shorter than the chord.
func Nearest(p orb.Point, line orb.LineString) Foot {
	none := Foot{orb.Point{math.NaN(), math.NaN()}, math.NaN(), -1, math.NaN()}
	if len(line) == 0 || !position(p) {
		return none
	}
	for _, v := range line {
		if !position(v) {
			return none
		}
	}
	if len(line) == 1 {
		return Foot{line[0], DistanceM(p, line[0]), 0, 0}
	}
	at := geocentric(p)
	bounds := make([]float64, len(line)-1)
	first := 0
	a := geocentric(line[0])
	for i := range bounds {
		b := geocentric(line[i+1])
		bounds[i] = leastM(at, a, b)
		if bounds[i] < bounds[first] {
			first = i
		}
		a = b
	}
	best, along := nearestOnSegment(p, line[first], line[first+1])
	best.Segment, best.AlongM = first, along
	for i, least := range bounds {
		if i == first || least > best.DistM {
			continue
		}
		f, along := nearestOnSegment(p, line[i], line[i+1])
		if f.DistM < best.DistM || f.DistM == best.DistM && i < best.Segment {
			best, best.Segment, best.AlongM = f, i, along
		}
	}
	best.AlongM += LengthM(line[:best.Segment+1])
	return best
}

// DistanceToLineM is the distance in metres from p to the nearest place of the line, with the error of Nearest; NaN for an empty line.
func DistanceToLineM(p orb.Point, line orb.LineString) float64 { return Nearest(p, line).DistM }

// nearestOnSegment walks along the geodesic from a to b: at each place the geodesic to p makes an angle with the segment, and the
// triangle that a sphere would have there says how far to go (S. Baselga, J. C. Martínez-Llario, Intersection and point-to-line
// solutions for geodesics on the ellipsoid, Studia Geophysica et Geodaetica 62, 2018; the idea, with the exact geodesics at every
// step). The error shrinks with the square of the flattening and of the distance at each step.
func nearestOnSegment(p, a, b orb.Point) (f Foot, alongM float64) {
	lengthM, bearingDeg, _ := Inverse(a, b)
	toA := DistanceM(p, a)
	f = Foot{Point: a, DistM: toA}
	if lengthM == 0 {
		return f, 0
	}
	if toB := DistanceM(p, b); toB < toA {
		f, alongM = Foot{Point: b, DistM: toB}, lengthM
	}
	const radiusM = 6_371_000 // near enough: the steps only get a little longer or shorter
	s := alongM
	for range footRounds {
		x, forward := Direct(a, bearingDeg, s)
		distM, towards, _ := Inverse(x, p)
		// Near the foot the distance is flat and tells nothing within its rounding: there the place that the angle leads to counts.
		if distM < f.DistM+roundingM {
			f, alongM = Foot{Point: x, DistM: distM}, s
		}
		if distM == 0 {
			break
		}
		step := radiusM * math.Atan(math.Tan(min(distM/radiusM, 1.5))*math.Cos((towards-forward)*math.Pi/180))
		next := min(max(s+step, 0), lengthM)
		if math.Abs(next-s) < footStepM {
			break
		}
		s = next
	}
	// The ends as they are written rather than as they are computed.
	switch {
	case alongM <= 0:
		f.Point = a
	case alongM >= lengthM:
		f.Point = b
	}
	return f, alongM
}

type vector [3]float64

func geocentric(p orb.Point) vector {
	const f = 1 / InverseFlattening
	const e2 = f * (2 - f)
	sinLat, cosLat := math.Sincos(p[1] * math.Pi / 180)
	sinLon, cosLon := math.Sincos(p[0] * math.Pi / 180)
	n := SemiMajorAxisM / math.Sqrt(1-e2*sinLat*sinLat)
	return vector{n * cosLat * cosLon, n * cosLat * sinLon, n * (1 - e2) * sinLat}
}

func (a vector) minus(b vector) vector { return vector{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vector) dot(b vector) float64  { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// leastM is below the distance on the surface from p to every place of the geodesic from a to b; 0 when the bound says nothing.
func leastM(p, a, b vector) float64 {
	ab, ap := b.minus(a), p.minus(a)
	chord2 := ab.dot(ab)
	t := 0.0
	if chord2 > 0 {
		t = min(max(ap.dot(ab)/chord2, 0), 1)
	}
	off := vector{ap[0] - t*ab[0], ap[1] - t*ab[1], ap[2] - t*ab[2]}
	// A chord below half the smallest radius is within 2 % of its arc; the bulge of longer ones is taken as the whole length.
	bulge := 1.05 * chord2 / (8 * minRadiusM)
	if chord2 > minRadiusM*minRadiusM/4 {
		bulge = 2 * math.Sqrt(chord2)
	}
	return max(math.Sqrt(off.dot(off))-bulge-chordSlackM, 0)
}
