package crs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo"
)

// The kinds of Suspicion.
const (
	AxesSwapped        = "axes-swapped"         // x and y stand in the other order
	ProjectedAsDegrees = "projected-as-degrees" // metres in a file that declares degrees
	DegreesAsProjected = "degrees-as-projected" // degrees in a file that declares metres
	WrongZone          = "wrong-zone"           // metres of another Gauss-Kruger zone than the declared one
	WrongZoneWidth     = "wrong-zone-width"     // metres of a zone of 6° where 3° is declared, or the other way round
	ShiftedGCJ02       = "gcj02"                // positions that only fit when read as GCJ-02
	ShiftedBD09        = "bd09"                 // positions that only fit when read as BD-09
)

// SwapAxes stands in Suspicion.Proposed for exchanging x and y.
const SwapAxes = "swap-axes"

// Suspicion says that coordinates are probably not what they are declared to be. It proposes and never changes anything.
type Suspicion struct {
	// Kind is one of the constants above.
	Kind string
	// Proposed is what would make sense of the coordinates: names that Parse reads, the likeliest first, separated by spaces, with
	// SwapAxes at the end where x and y must be exchanged as well. It is empty when nothing better than a person's knowledge can tell.
	Proposed string
	Message  geo.Text
	Advice   geo.Text
	// Confidence is how sure it is, 0 to 1, that the coordinates are what Kind and the first name of Proposed say; odds.go says how it is
	// computed. It is 0 where nothing can be proposed, and never above 0.99.
	Confidence float64
}

const (
	// maxSample is how many points are looked at, spread evenly: enough for a share of 10 % to be known within 3 %.
	maxSample = 500
	// maxZoneSample is the same where 21 zones are tried: only a median is wanted.
	maxZoneSample = 60
	// mostShare of the points must agree; a few positions typed wrongly must hide nothing.
	mostShare = 0.9

	// offBorderM: as declared the points are at least this far off the known border. GCJ-02 shifts by 300 to 700 m in most of China
	// (500–550 m in Zhejiang), so that the median distance from a winding border is well above; different releases
	// of the same border are 10 to 50 m apart where nothing is wrong.
	offBorderM = 100
	// onBorderM: read the other way they are no further off than this, a few tens of metres, what digitising at 1:50 000 leaves (0.5 mm
	// on the map, 25 m).
	onBorderM = 30
	// In a file of small units only the vertices on the outer border can match a border that is known. fewShare of the points
	// suffices if it is fewTimes what matches as declared, and at least fewPoints.
	fewShare  = 0.1
	fewTimes  = 10
	fewPoints = 10

	// farM and nearM: points further from the known border than farM, which another zone would bring nearer than nearM, are in the
	// wrong zone. A zone further is 3°, at least 196 km at 54° of latitude and 290 km in Zhejiang; a county is some 40 km across.
	farM  = 50_000
	nearM = 20_000

	// Northings of China in metres: 3° to 54° of latitude.
	minChinaNorthM, maxChinaNorthM = 330_000, 6_000_000
	// Eastings about the central meridian: 4.5° on the equator is 501 km, and surveyors put 500 km before it to keep them positive.
	minZoneEastM, maxZoneEastM = 1_000, 999_000
	// Web Mercator of 73° to 136° and 3° to 54°.
	minChinaMercX, maxChinaMercX = 8_126_000, 15_140_000
	minChinaMercY, maxChinaMercY = 334_000, 7_171_000
)

// Suspect looks for the usual mistakes in how coordinates are declared. raw holds x, y as the file has them, unconverted; values
// that are not finite are passed over. distM measures from a position in CGCS2000 to the nearest border already known, ok being
// false where none is known near; it may be nil, and then only what the numbers themselves betray is found. The answer
// is empty when nothing speaks against the declaration. At most one suspicion about the form of the numbers is returned; shifts
// (GCJ-02, BD-09) are looked for only where the form is right.
func Suspect(declared CRS, raw []orb.Point, distM func(orb.Point) (metres float64, ok bool)) []Suspicion {
	pts := sample(raw, maxSample)
	if len(pts) == 0 || declared == (CRS{}) {
		return nil
	}
	if distM == nil {
		distM = func(orb.Point) (float64, bool) { return 0, false }
	}
	if declared.Projected() {
		if s, found := suspectProjected(declared, pts, distM); found {
			return []Suspicion{s.withConfidence()}
		}
	} else if s, found := suspectDegrees(declared, pts, distM); found {
		return []Suspicion{s.withConfidence()}
	}
	if s, found := suspectShift(declared, pts, distM); found && s.Confidence >= leastSure {
		return []Suspicion{s.withConfidence()}
	}
	return nil
}

// withConfidence says in the message how sure it is, where there is anything to be sure of.
func (s Suspicion) withConfidence() Suspicion {
	if s.Confidence > 0 {
		s.Message.ZH += fmt.Sprintf("（把握约 %.0f%%）", 100*s.Confidence)
		s.Message.EN += fmt.Sprintf(" (%.0f %% sure)", 100*s.Confidence)
	}
	return s
}

func sample(raw []orb.Point, limit int) []orb.Point {
	step := max(1, (len(raw)+limit-1)/limit)
	var out []orb.Point
	for i := 0; i < len(raw); i += step {
		if p := raw[i]; !math.IsNaN(p[0]-p[0]) && !math.IsNaN(p[1]-p[1]) {
			out = append(out, p)
		}
	}
	return out
}

// example is the first point that is what most are.
func example(pts []orb.Point, is func(x, y float64) bool) orb.Point {
	for _, p := range pts {
		if is(p[0], p[1]) {
			return p
		}
	}
	return pts[0]
}

func most(pts []orb.Point, is func(x, y float64) bool) bool {
	n := 0
	for _, p := range pts {
		if is(p[0], p[1]) {
			n++
		}
	}
	return float64(n) >= mostShare*float64(len(pts))
}

func swapped(is func(x, y float64) bool) func(x, y float64) bool {
	return func(x, y float64) bool { return is(y, x) }
}

func suspectDegrees(declared CRS, pts []orb.Point, distM func(orb.Point) (float64, bool)) (Suspicion, bool) {
	if is := swapped(inBox); most(pts, is) {
		first := example(pts, is)
		return Suspicion{
			Kind: AxesSwapped, Proposed: declared.String() + " " + SwapAxes, Confidence: formOdds(len(pts), shareOf(pts, is), shareOf(pts, inBox)),
			Message: text("x=%v、y=%v：经度与纬度的次序颠倒，对调后落在中国境内", "x=%v, y=%v: latitude and longitude are exchanged; the other way round they lie in China", show(first[0]), show(first[1])),
			Advice:  text("请对调 x 与 y 后重新导入", "exchange x and y, then import again"),
		}, true
	}
	beyond := func(x, y float64) bool { return !inDegrees(x, y) }
	if !most(pts, beyond) {
		return Suspicion{}, false
	}
	first := example(pts, beyond)
	proposed, sure := proposeProjected(pts, distM)
	return Suspicion{
		Kind: ProjectedAsDegrees, Proposed: proposed, Confidence: sure,
		Message: text("声明为 %s（度），但 x=%v、y=%v 是米", "declared as %s (degrees), but x=%v, y=%v are metres", declared, show(first[0]), show(first[1])),
		Advice:  declareAs(proposed),
	}, true
}

// declareAs says in words what a proposal means.
func declareAs(proposed string) geo.Text {
	names, swap := strings.CutSuffix(proposed, SwapAxes)
	names = strings.TrimSpace(names)
	var t geo.Text
	switch n := len(strings.Fields(names)); {
	case n == 0:
		return text("无法判断投影；请向数据提供者查明坐标系和带号，用 --crs 指明", "the projection cannot be told; ask who made the data for the CRS and the zone, and name it with --crs")
	case n == 1:
		t = text("请查明后用 --crs %s 指明坐标系", "if that is right, name the CRS with --crs %s", names)
	default:
		t = text("仅凭坐标不能确定，可能的坐标系为 %s；请查明后用 --crs 指明", "the coordinates alone cannot tell; the CRS may be one of %s; find out and name it with --crs", strings.Join(strings.Fields(names), "、"))
	}
	if swap {
		t.ZH += "，并对调 x 与 y（测量坐标 X 为北、Y 为东）"
		t.EN += ", and exchange x and y (Chinese survey calls the northing X)"
	}
	return t
}

// proposeProjected names the projections that metres may be of, in the order of x and y that makes sense, and how sure the first of them is.
func proposeProjected(pts []orb.Point, distM func(orb.Point) (float64, bool)) (proposed string, sure float64) {
	for _, swap := range []bool{false, true} {
		turned := pts
		if swap {
			turned = turn(pts)
		}
		var may []CRS
		for id := firstZoneEPSG; id <= lastZoneEPSG; id++ {
			c := CRS{int16(id)}
			if z, _ := c.zone(); z.prefixed && most(turned, z.plausible) {
				may = append(may, c)
			}
		}
		if most(turned, inMercatorChina) {
			may = append(may, WebMercator)
		}
		if may == nil {
			// Without a prefix a northing below 1,000 km could be an easting: only off the southern coast.
			if z, _ := (CRS{firstPlainZone}).zone(); most(turned, z.plausible) {
				may = plainZones()
			}
		}
		if may != nil {
			sure = surest / float64(len(may))
		}
		if near := nearest(may, turned, distM); near != nil {
			sure = amongZones(may, near[0], turned, distM)
			may = near
		}
		var names []string
		for _, c := range may {
			names = append(names, c.String())
		}
		if names != nil {
			if swap {
				names = append(names, SwapAxes)
			}
			return strings.Join(names, " "), sure
		}
	}
	return "", 0
}

// amongZones is the posterior of one of several systems that were tried against the known border, none of them declared.
func amongZones(may []CRS, one CRS, pts []orb.Point, distM func(orb.Point) (float64, bool)) float64 {
	few := sample(pts, maxZoneSample)
	var odds []float64
	which := 0
	for i, c := range may {
		if c == one {
			which = i
		}
		// A zone off is hundreds of kilometres: what counts is being near the border at all.
		odds = append(odds, nearness(distances(few, c.ToLonLat, distM)))
	}
	return posterior(math.Inf(-1), odds, which)
}

// nearness is the evidence of being within nearM of the known border, whatever the border's own shape.
func nearness(distancesM []float64) float64 {
	n := 0
	for _, d := range distancesM {
		if d < nearM {
			n++
		}
	}
	share := float64(n) / float64(max(len(distancesM), 1))
	w := weight(len(distancesM)) * float64(len(distancesM))
	return w * (share*math.Log(boxRight/boxWrong) + (1-share)*math.Log((1-boxRight)/(1-boxWrong)))
}

func turn(pts []orb.Point) []orb.Point {
	out := make([]orb.Point, len(pts))
	for i, p := range pts {
		out[i] = orb.Point{p[1], p[0]}
	}
	return out
}

// firstPlainZone and lastPlainZone are the zones of 3° without a prefix, which have every central meridian there is.
const firstPlainZone, lastPlainZone = 4534, lastZoneEPSG

// firstPlain6Zone is the zone of 6° without a prefix at 75°.
const firstPlain6Zone = 4502

func plainZones() (all []CRS) {
	for id := firstPlainZone; id <= lastPlainZone; id++ {
		all = append(all, CRS{int16(id)})
	}
	return all
}

func inMercatorChina(x, y float64) bool {
	return x >= minChinaMercX && x <= maxChinaMercX && y >= minChinaMercY && y <= maxChinaMercY
}

// plausible reports whether x, y look like easting and northing of the zone in China.
func (z zone) plausible(x, y float64) bool {
	e := x - z.falseEasting + 500_000
	return e >= minZoneEastM && e <= maxZoneEastM && y >= minChinaNorthM && y <= maxChinaNorthM
}

// nearest returns those of the systems that bring the points near the known border, at most three, the nearest first; nil when none does.
func nearest(may []CRS, pts []orb.Point, distM func(orb.Point) (float64, bool)) []CRS {
	few := sample(pts, maxZoneSample)
	m := map[CRS]float64{}
	var near []CRS
	for _, c := range may {
		if m[c] = medianM(few, c.ToLonLat, distM); m[c] < nearM {
			near = append(near, c)
		}
	}
	slices.SortStableFunc(near, func(a, b CRS) int { return cmp.Compare(m[a], m[b]) })
	return near[:min(3, len(near))]
}

// distances measures every point read in one way; infinite where it cannot be read or no border is known near.
func distances(pts []orb.Point, read func(x, y float64) (orb.Point, error), distM func(orb.Point) (float64, bool)) []float64 {
	out := make([]float64, 0, len(pts))
	for _, p := range pts {
		m := math.Inf(1)
		if at, err := read(p[0], p[1]); err == nil {
			if d, ok := distM(at); ok && d >= 0 {
				m = d
			}
		}
		out = append(out, m)
	}
	slices.Sort(out)
	return out
}

func medianM(pts []orb.Point, read func(x, y float64) (orb.Point, error), distM func(orb.Point) (float64, bool)) float64 {
	if d := distances(pts, read, distM); len(d) > 0 {
		return d[len(d)/2]
	}
	return math.Inf(1)
}

func suspectProjected(declared CRS, pts []orb.Point, distM func(orb.Point) (float64, bool)) (Suspicion, bool) {
	if most(pts, inDegrees) || most(pts, swapped(inBox)) {
		first := example(pts, func(x, y float64) bool { return (x != 0 || y != 0) && (inDegrees(x, y) || inBox(y, x)) })
		proposed := CGCS2000.String()
		advice := text("如果确是经纬度，请用 --crs EPSG:4490 指明", "if they are, name the CRS with --crs EPSG:4490")
		if most(pts, swapped(inBox)) {
			proposed += " " + SwapAxes
			advice = text("如果确是经纬度，请用 --crs EPSG:4490 指明，并对调 x 与 y", "if they are, name the CRS with --crs EPSG:4490, and exchange x and y")
		}
		return Suspicion{
			Kind: DegreesAsProjected, Proposed: proposed, Confidence: formOdds(len(pts), max(shareOf(pts, inBox), shareOf(pts, swapped(inBox))), 0),
			Message: text("声明为 %s（米），但 x=%v、y=%v 像是经纬度（度）", "declared as %s (metres), but x=%v, y=%v look like degrees", declared, show(first[0]), show(first[1])),
			Advice:  advice,
		}, true
	}
	z, ok := declared.zone()
	if !ok {
		return Suspicion{}, false
	}
	if !most(pts, z.plausible) {
		if is := swapped(z.plausible); most(pts, is) {
			first := example(pts, is)
			return Suspicion{
				Kind: AxesSwapped, Proposed: declared.String() + " " + SwapAxes, Confidence: formOdds(len(pts), shareOf(pts, is), shareOf(pts, z.plausible)),
				Message: text("x=%v、y=%v：东、北坐标的次序颠倒", "x=%v, y=%v: northing and easting are exchanged", show(first[0]), show(first[1])),
				Advice:  text("请对调 x 与 y 后重新导入（测量坐标 X 为北、Y 为东，数据文件中 x 为东）", "exchange x and y, then import again: Chinese survey calls the northing X, data files store the easting first"),
			}, true
		}
		if proposed, sure := proposeProjected(pts, distM); proposed != "" {
			s := wrongZone(declared, example(pts, func(x, y float64) bool { return !z.plausible(x, y) && (x != 0 || y != 0) }), proposed, math.NaN())
			s.Confidence = sure
			if other, err := Parse(strings.Fields(proposed)[0]); err == nil && len(strings.Fields(proposed)) == 1 {
				if o, ok := other.zone(); ok && o.width != z.width && o.prefixed && z.prefixed {
					s.Kind = WrongZoneWidth
				}
			}
			return s, true
		}
		return Suspicion{}, false
	}
	as := medianM(sample(pts, maxZoneSample), declared.ToLonLat, distM)
	if as < offBorderM {
		return Suspicion{}, false
	}
	// Read with the declared prefix taken off, in every zone.
	plainPts := make([]orb.Point, len(pts))
	for i, p := range pts {
		plainPts[i] = orb.Point{p[0] - z.falseEasting + 500_000, p[1]}
	}
	best := nearest(plainZones(), plainPts, distM)
	if len(best) == 0 {
		return Suspicion{}, false // nothing near, or no border known at all
	}
	if other, _ := best[0].zone(); other.cm == z.cm {
		return Suspicion{}, false
	}
	few := sample(plainPts, maxZoneSample)
	m := medianM(few, best[0].ToLonLat, distM)
	if !(as > farM || m <= onBorderM) {
		return Suspicion{}, false
	}
	proposed, kind := sameWidth(z, best[0], few)
	s := wrongZone(declared, example(pts, z.plausible), proposed.String(), as)
	s.Kind = kind
	var odds []float64
	which := 0
	for _, c := range plainZones() {
		if c == best[0] {
			which = len(odds)
		}
		if other, _ := c.zone(); other.cm != z.cm {
			odds = append(odds, nearness(distances(few, c.ToLonLat, distM)))
		}
	}
	declaredZone := slices.IndexFunc(plainZones(), func(c CRS) bool { o, _ := c.zone(); return o.cm == z.cm })
	s.Confidence = posterior(nearness(distances(few, plainZones()[declaredZone].ToLonLat, distM)), odds, which)
	return s, s.Confidence >= leastSure
}

// sameWidth settles whether the central meridian found, given as a zone of 3°, is that of a zone of 6°, and with it whether the width was mistaken: points further
// than 1.5° from the meridian lie in the zone of 6° only, and every second meridian belongs to zones of 3° only.
func sameWidth(declared zone, found CRS, plainPts []orb.Point) (CRS, string) {
	z, _ := found.zone()
	six := (int(z.cm)+3)%6 == 0
	wide := 0
	for _, p := range plainPts {
		if at, err := found.ToLonLat(p[0], p[1]); err == nil && math.Abs(at[0]-z.cm) > 1.5 {
			wide++
		}
	}
	switch {
	case six && (declared.width == 6 || float64(wide) >= mostShare*float64(len(plainPts))):
		found = CRS{int16(firstPlain6Zone + (int(z.cm)-75)/6)}
		if declared.width == 6 {
			return found, WrongZone
		}
		return found, WrongZoneWidth
	case declared.width == 6 && !six:
		return found, WrongZoneWidth
	}
	return found, WrongZone
}

func wrongZone(declared CRS, first orb.Point, proposed string, offM float64) Suspicion {
	s := Suspicion{
		Kind: WrongZone, Proposed: proposed,
		Message: text("声明为 %s，但 x=%v、y=%v 不是该带的坐标", "declared as %s, but x=%v, y=%v are not of that zone", declared, show(first[0]), show(first[1])),
		Advice:  declareAs(proposed),
	}
	switch {
	case math.IsInf(offM, 1):
		s.Message = text("声明为 %s，但按此换算后附近没有任何已知界线", "declared as %s, but read so no known border is near", declared)
	case !math.IsNaN(offM):
		s.Message = text("声明为 %s，但按此换算后离已知界线 %.0f 米（中位数）", "declared as %s, but read so the points are %.0f m from the known border (median)", declared, offM)
	}
	return s
}

func suspectShift(declared CRS, pts []orb.Point, distM func(orb.Point) (float64, bool)) (Suspicion, bool) {
	as := distances(pts, declared.ToLonLat, distM)
	median := as[len(as)/2]
	matched := func(d []float64) float64 {
		n, _ := slices.BinarySearch(d, math.Nextafter(onBorderM, math.Inf(1)))
		return float64(n) / float64(len(d))
	}
	var best Suspicion
	var bestShare float64
	background := backgroundOf(as)
	var odds []float64
	which := 0
	for _, shift := range []struct {
		c          CRS
		kind, name string
		undo       func(orb.Point) orb.Point
	}{
		{GCJ02, ShiftedGCJ02, "GCJ-02", func(p orb.Point) orb.Point { return GCJ02Point{p[0], p[1]}.LonLat() }},
		{BD09, ShiftedBD09, "BD-09", func(p orb.Point) orb.Point { return BD09Point{p[0], p[1]}.LonLat() }},
	} {
		if declared == shift.c {
			continue
		}
		other := distances(pts, func(x, y float64) (orb.Point, error) {
			if declared == GCJ02 || declared == BD09 {
				return shift.undo(orb.Point{x, y}), nil
			}
			p, err := declared.ToLonLat(x, y)
			return shift.undo(p), err
		}, distM)
		odds = append(odds, evidence(other, background))
		share, asShare := matched(other), matched(as)
		whole := median >= offBorderM && other[len(other)/2] <= onBorderM
		part := share >= fewShare && share >= fewTimes*asShare && share*float64(len(other)) >= fewPoints
		if (whole || part) && share > bestShare {
			bestShare, which = share, len(odds)-1
			best = Suspicion{
				Kind: shift.kind, Proposed: shift.c.String(),
				Message: text("按声明的 %s，只有 %.0f%% 的点落在已知界线 %d 米以内；按 %[4]s 读则有 %.0[5]f%%，坐标可能是 %[4]s 偏移坐标",
					"read as %s, as declared, %.0f %% of the points are within %d m of the known border, but %.0[5]f %% when read as %[4]s: they may be shifted coordinates",
					declared, 100*asShare, onBorderM, shift.name, 100*share),
				Advice: text("请查明来源；如果来自互联网地图，请用 --crs %s 指明", "find out where the data is from; if from a web map, name the CRS with --crs %s", shift.c),
			}
			if declared.Projected() {
				best.Proposed = ""
				best.Advice = text("偏移坐标被当作 CGCS2000 投影；请先反算为经纬度，再按 %s 导入", "shifted coordinates were projected as if they were CGCS2000; bring them back to degrees first, then import them as %s", shift.c)
			}
		}
	}
	if best.Kind == "" {
		return best, false
	}
	best.Confidence = posterior(evidence(as, background), odds, which)
	return best, true
}

func text(zh, en string, args ...any) geo.Text {
	return geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}
