package crs

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// How sure a suspicion is, is the posterior probability of what it proposes among the readings that were tried, by Bayes' rule:
//
//   - As declared has the prior 0.8, all other readings share 0.2: most files are what they say.
//   - Under the right reading a point lies on the known border with a share m (whichever of 0.05 to 0.95 suits the points best, for files
//     also hold points that are on no known border), and then off it by a distance with the density exp(−d/30 m)/30 m. Otherwise, and
//     under a wrong reading, its distance is spread evenly over a background as wide as twice the median distance as declared.
//   - Points of one file depend on each other: any number of them counts as at most 30.
//   - One in a hundred is kept for readings that nobody thought of, so that nothing is surer than 0.99.
//
// Where only the form of the numbers tells (no border known), a point of China lies in China's box under the right reading with 0.99 and under a wrong
// one with 0.05, the share of the box in the world, and a proposal of several systems is as sure as one of them drawn at random.
const (
	declaredPrior   = 0.8
	independentMost = 30
	surest          = 0.99
	boxRight        = 0.99
	boxWrong        = 0.05
	// leastSure is where a suspicion is dropped: what is no more likely than not is not worth a person's time.
	leastSure = 0.5

	minBackgroundM, maxBackgroundM = 200, 20_000
)

// weight is what one of n points counts for.
func weight(n int) float64 { return math.Min(1, independentMost/float64(max(n, 1))) }

// evidence is the logarithm of how much likelier the distances are under the right reading than under a wrong one.
func evidence(distancesM []float64, backgroundM float64) float64 {
	if len(distancesM) == 0 {
		return 0
	}
	best := math.Inf(-1)
	for m := 0.05; m < 0.96; m += 0.05 {
		sum := 0.0
		for _, d := range distancesM {
			sum += math.Log(m*backgroundM/onBorderM*math.Exp(-d/onBorderM) + 1 - m)
		}
		best = math.Max(best, sum)
	}
	return best * weight(len(distancesM))
}

// backgroundOf is how far off the points of a wrong reading are taken to be, from those of the declared one.
func backgroundOf(declaredM []float64) float64 {
	if len(declaredM) == 0 {
		return maxBackgroundM
	}
	sorted := slices.Sorted(slices.Values(declaredM))
	return min(max(2*sorted[len(sorted)/2], minBackgroundM), maxBackgroundM)
}

// posterior of the alternative numbered which, given the evidence for the declared reading and for all the alternatives.
func posterior(declared float64, alternatives []float64, which int) float64 {
	top := declared
	for _, e := range alternatives {
		top = math.Max(top, e)
	}
	prior := (1 - declaredPrior) / float64(len(alternatives))
	all := declaredPrior * math.Exp(declared-top)
	for _, e := range alternatives {
		all += prior * math.Exp(e-top)
	}
	return min(surest*prior*math.Exp(alternatives[which]-top)/all, surest)
}

// formOdds is the posterior of a reading in which a share of n points looks right, beside the declared one in which another share does.
func formOdds(n int, share, declaredShare float64) float64 {
	like := func(share float64) float64 {
		return share*math.Log(boxRight/boxWrong) + (1-share)*math.Log((1-boxRight)/(1-boxWrong))
	}
	w := weight(n) * float64(n)
	return posterior(w*like(declaredShare), []float64{w * like(share)}, 0)
}

func shareOf(pts []orb.Point, is func(x, y float64) bool) float64 {
	n := 0
	for _, p := range pts {
		if is(p[0], p[1]) {
			n++
		}
	}
	return float64(n) / float64(max(len(pts), 1))
}

// Reading is one way to read coordinates.
type Reading struct {
	CRS CRS
	// Swapped: x and y are to be exchanged first.
	Swapped bool
	// MedianM is how far the points are, so read, from where they ought to lie.
	MedianM float64
	// Confidence is the probability, 0 to 1, that this reading is the right one: see Identify.
	Confidence float64
}

// Identify says in which systems coordinates may be whose places are known: raw[i], x and y as a file has them, ought to lie at ought[i],
// lon, lat in degrees, CGCS2000. It tries every supported system in both orders of the axes; zones of 3° and 6° that give the same coordinates come once,
// as that of 3°. Those with a confidence above 0.001 come back, the surest first; none when nothing fits. Pairs that are not finite are passed over.
//
// The confidence is the posterior by Bayes' rule with equal priors, "none of these" being one of the readings: under the right one a
// point is off by a distance with the density exp(−d/30 m)/30 m nine times in ten and anywhere within 1,000 km otherwise, as under a wrong one. At
// most 30 points count as independent, and one in a hundred is kept for what nobody thought of.
func Identify(raw, ought []orb.Point) []Reading {
	const wideM, hit = 1e6, 0.9
	var pts, goals []orb.Point
	for i := range min(len(raw), len(ought)) {
		if p, q := raw[i], ought[i]; !math.IsNaN(p[0]-p[0]+p[1]-p[1]) && inDegrees(q[0], q[1]) {
			pts, goals = append(pts, p), append(goals, q)
		}
	}
	if len(pts) == 0 {
		return nil
	}
	systems := []CRS{CGCS2000, GCJ02, BD09, WebMercator}
	for id := firstZoneEPSG; id <= lastZoneEPSG; id++ {
		if z, _ := (CRS{int16(id)}).zone(); z.width == 3 || z.prefixed {
			systems = append(systems, CRS{int16(id)})
		}
	}
	type tried struct {
		Reading
		log float64
	}
	var all []tried
	top := 0.0 // of "none of these"
	for _, c := range systems {
		for _, swap := range []bool{false, true} {
			var off []float64
			log := 0.0
			for i, p := range pts {
				if swap {
					p = orb.Point{p[1], p[0]}
				}
				d := math.Inf(1)
				if at, err := c.ToLonLat(p[0], p[1]); err == nil {
					d = roughM(at, goals[i])
				}
				off = append(off, d)
				log += math.Log(hit*wideM/onBorderM*math.Exp(-d/onBorderM) + 1 - hit)
			}
			slices.Sort(off)
			t := tried{Reading{CRS: c, Swapped: swap, MedianM: off[len(off)/2]}, log * weight(len(pts))}
			all = append(all, t)
			top = math.Max(top, t.log)
		}
	}
	sum := math.Exp(-top)
	for _, t := range all {
		sum += math.Exp(t.log - top)
	}
	var out []Reading
	for _, t := range all {
		if t.Confidence = surest * math.Exp(t.log-top) / sum; t.Confidence > 1e-3 {
			out = append(out, t.Reading)
		}
	}
	slices.SortStableFunc(out, func(a, b Reading) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return out
}

// roughM is the distance of two positions to half a percent, near enough to tell systems apart.
func roughM(a, b orb.Point) float64 {
	return math.Hypot(math.Remainder(a[0]-b[0], 360)*math.Cos((a[1]+b[1])/2*degree), a[1]-b[1]) * degree * semiMajorAxisM
}
