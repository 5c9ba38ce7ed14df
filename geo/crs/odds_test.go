package crs

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// county is a made-up closed border somewhere in China, a point every 50 m or so, with a measure of distance to it.
type county struct {
	centre orb.Point
	line   []orb.Point
}

func newCounty(r *rand.Rand) county {
	c := county{centre: orb.Point{80 + 48*r.Float64(), 20 + 28*r.Float64()}}
	radius := 0.06 + 0.1*r.Float64()
	var phase [8]float64
	for k := range phase {
		phase[k] = 2 * math.Pi * r.Float64()
	}
	n := int(radius / 0.05 * 900)
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := radius
		for k, p := range phase {
			d += radius * 0.25 / float64(k+2) * math.Sin(float64(3*k+2)*a+p)
		}
		c.line = append(c.line, orb.Point{c.centre[0] + d*math.Cos(a), c.centre[1] + d*math.Sin(a)*0.9})
	}
	return c
}

func (c county) distM(p orb.Point) (float64, bool) {
	best := math.Inf(1)
	shrink := math.Cos(c.centre[1] * degree)
	// Far away the middle of the county will do, and most of 21 zones are far away.
	if far := math.Hypot((p[0]-c.centre[0])*shrink, p[1]-c.centre[1]); far > 1 {
		return (far - 0.2) * degree * semiMajorAxisM, far < 4.7
	}
	for _, q := range c.line {
		dx, dy := (p[0]-q[0])*shrink, p[1]-q[1]
		best = min(best, dx*dx+dy*dy)
	}
	best = math.Sqrt(best) * degree * semiMajorAxisM
	return best, true
}

// file is what somebody delivers: the border itself as another office drew it, villages most of whose vertices are on no known border, or places inside.
func (c county) file(r *rand.Rand, kind int) []orb.Point {
	releaseM := 2 + 18*r.Float64()
	jitter := func(p orb.Point) orb.Point {
		d := releaseM / 111_000
		return orb.Point{p[0] + d*r.NormFloat64(), p[1] + d*r.NormFloat64()}
	}
	within := func() orb.Point {
		q := c.line[r.IntN(len(c.line))]
		f := math.Sqrt(r.Float64()) * 0.95
		return orb.Point{c.centre[0] + f*(q[0]-c.centre[0]), c.centre[1] + f*(q[1]-c.centre[1])}
	}
	var out []orb.Point
	switch kind {
	case 0:
		for i := range 300 {
			out = append(out, jitter(c.line[i*len(c.line)/300]))
		}
	case 1:
		for i := range 300 {
			if i%3 == 0 {
				out = append(out, jitter(c.line[r.IntN(len(c.line))]))
			} else {
				out = append(out, within())
			}
		}
	default:
		for range 40 + r.IntN(200) {
			out = append(out, within())
		}
	}
	return out
}

// Files whose truth is known, right and wrong in every way: how often a suspicion is raised where nothing is wrong, how often the mistake is
// named, and whether what it calls sure is.
func TestSuspicionsAgainstTheTruth(t *testing.T) {
	const seed, counties = 20261126, 16
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 9))
	plain := func(lon float64, width int) CRS { // the zone without prefix that a place belongs to
		if width == 3 {
			return CRS{int16(firstPlainZone + int(math.Round(lon/3)) - 25)}
		}
		return CRS{int16(firstPlain6Zone + int(math.Floor(lon/6)) + 1 - 13)}
	}
	right, falseAlarms := 0, 0
	told, named := map[string]int{}, map[string]int{}
	var sure, sureRight int
	for range counties {
		c := newCounty(r)
		three, six := plain(c.centre[0], 3), plain(c.centre[0], 6)
		z3, _ := three.zone()
		z6, _ := six.zone()
		for kind := range 3 {
			truth := c.file(r, kind)
			for _, declared := range []CRS{CGCS2000, three, six, GCJ02} {
				right++
				if got := Suspect(declared, as(t, declared, truth), c.distM); len(got) > 0 {
					falseAlarms++
					t.Logf("false alarm: file of kind %d in %s, %+v", kind, declared, got[0])
				}
			}
			type mistake struct {
				declared CRS
				raw      []orb.Point
				kind     string
				proposed string
			}
			wrong := []mistake{
				{CGCS2000, turn(truth), AxesSwapped, "EPSG:4490 swap-axes"},
				{three, turn(as(t, three, truth)), AxesSwapped, three.String() + " swap-axes"},
				{CRS{three.id - 1}, as(t, three, truth), WrongZone, three.String()},
				{CGCS2000, as(t, three, truth), ProjectedAsDegrees, ""},
			}
			if z6.cm != z3.cm && math.Abs(c.centre[0]-z6.cm) > 1.75 {
				wrong = append(wrong, mistake{three, as(t, six, truth), WrongZoneWidth, six.String()})
			}
			if kind < 2 { // places inside lie on no border: a shift of 500 m leaves no trace
				wrong = append(wrong, mistake{CGCS2000, as(t, GCJ02, truth), ShiftedGCJ02, "GCJ02"}, mistake{CGCS2000, as(t, BD09, truth), ShiftedBD09, "BD09"}, mistake{GCJ02, as(t, BD09, truth), ShiftedBD09, "BD09"})
			}
			for _, m := range wrong {
				told[m.kind]++
				got := Suspect(m.declared, m.raw, c.distM)
				hit := len(got) == 1 && got[0].Kind == m.kind && (m.proposed == "" || got[0].Proposed == m.proposed)
				if hit {
					named[m.kind]++
				} else {
					t.Logf("missed: %s declared %s, %+v, want %s", m.kind, m.declared, got, m.proposed)
				}
				if len(got) == 1 && got[0].Confidence >= 0.9 {
					sure++
					if hit {
						sureRight++
					}
				}
				for _, s := range got {
					if !(s.Confidence >= 0 && s.Confidence <= surest) {
						t.Errorf("confidence %v", s.Confidence)
					}
				}
			}
		}
	}
	t.Logf("%d false alarms in %d right files; named %v of %v; %d of %d that were 0.9 sure or more are right", falseAlarms, right, named, told, sureRight, sure)
	if float64(falseAlarms) > 0.01*float64(right) {
		t.Error("more than one false alarm in a hundred right files")
	}
	for kind, n := range told {
		if float64(named[kind]) < 0.95*float64(n) {
			t.Errorf("%s is named in %d of %d", kind, named[kind], n)
		}
	}
	if float64(sureRight) < 0.97*float64(sure) || sure == 0 {
		t.Error("what is called sure is not")
	}
}

// The confidence grows with what speaks for it.
func TestConfidenceFollowsTheEvidence(t *testing.T) {
	c := newCounty(rand.New(rand.NewPCG(5, 5)))
	r := rand.New(rand.NewPCG(6, 6))
	all := as(t, GCJ02, c.file(r, 0))
	last := 0.0
	for _, n := range []int{1, 3, 30, 300} {
		got := Suspect(CGCS2000, all[:n], c.distM)
		sure := 0.0
		if len(got) == 1 && got[0].Kind == ShiftedGCJ02 {
			sure = got[0].Confidence
		}
		t.Logf("%d points: %.3f", n, sure)
		if sure < last-0.02 {
			t.Errorf("%d points make it less sure: %v after %v", n, sure, last)
		}
		last = sure
	}
	if last < 0.98 {
		t.Errorf("300 points on the border leave it at %v", last)
	}
	// Nothing tells 21 zones apart: one in 21.
	if got := Suspect(CGCS2000, as(t, CRS{4549}, border()), nil); len(got) != 1 || math.Abs(got[0].Confidence-surest/21) > 1e-9 {
		t.Errorf("%+v", got)
	}
}

func TestIdentify(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	truth := border()[:40]
	for i := range truth {
		truth[i][0] += 5e-5 * r.NormFloat64()
	}
	for _, want := range []CRS{CGCS2000, GCJ02, BD09, WebMercator, {4528}, {4549}, {4499}, {4548}} {
		for _, swap := range []bool{false, true} {
			raw := as(t, want, border()[:40])
			if swap {
				raw = turn(raw)
			}
			raw[3] = orb.Point{1, 1} // one typed wrongly
			raw[4] = orb.Point{math.NaN(), 1}
			got := Identify(raw, truth)
			if len(got) == 0 || got[0].CRS != want || got[0].Swapped != swap || got[0].Confidence < 0.98 || got[0].MedianM > 20 {
				t.Errorf("%s swapped %v: %+v", want, swap, got)
			}
		}
	}
	// Positions of nothing near: no reading is more likely than none of them.
	if got := Identify([]orb.Point{{120.9, 29.9}, {121, 30}}, []orb.Point{{110, 20}, {111, 21}}); slices.ContainsFunc(got, func(r Reading) bool { return r.Confidence > 0.1 }) {
		t.Errorf("%+v", got)
	}
	// One point 200 m off could be several things, and none is sure.
	if got := Identify([]orb.Point{{120.452, 29.05}}, []orb.Point{{120.45, 29.05}}); len(got) > 0 && got[0].Confidence > 0.95 {
		t.Errorf("%+v", got)
	}
	if Identify(nil, truth) != nil || Identify([]orb.Point{{math.Inf(1), 0}}, truth) != nil {
		t.Error("nothing identifies something")
	}
}
