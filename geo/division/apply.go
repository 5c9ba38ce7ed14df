package division

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/geodesy"
	"yutu/geo/topo"
)

// Apply says what recording the request would do, or everything that speaks against it. It changes nothing. The effect is valid only
// when there are no refusals. Units, codes and parents are those of the day before the request's date; every version that the event
// would change must be in force until further notice, since a later event rests on what is on record now.
func (s *State) Apply(r Request) (Effect, []Refusal) {
	p := newPlan(s, r)
	if p.general() {
		p.decide()
	}
	if len(p.refusals) == 0 {
		p.moveAncestors()
	}
	if len(p.refusals) == 0 {
		p.finish()
	}
	if len(p.refusals) > 0 {
		return Effect{}, p.refusals
	}
	return p.effect, nil
}

// plan is an event in the making.
type plan struct {
	s        *State
	r        Request
	eve      Date // the day before
	effect   Effect
	refusals []Refusal
	ended    map[int64]bool
	begun    []*begun
	codes    map[Code]bool // given by this event
	recodes  map[Code]Code // asked for, by old code
	used     map[Code]bool // of recodes, those that came to use
	amended  map[int64]orb.MultiPolygon
	moves    []move
	areas    map[*orb.Point]float64
}

// begun is a version that begins, with what it is made of.
type begun struct {
	unit  Unit
	from  []share
	moved bool // the geometry is not one on record
}

// share is what a version that begins took from one that ended.
type share struct {
	before *Unit
	areaM2 float64
	// area is the share of before, 0 to 1; people that of its people, nil for not known.
	area   float64
	people *float64
}

// move is ground that passes from below one unit to below another; an empty code means from, or to, nothing on record.
type move struct {
	geom     orb.MultiPolygon
	from, to Code
}

func newPlan(s *State, r Request) *plan {
	p := &plan{s: s, r: r, eve: r.Date - 1, ended: map[int64]bool{}, codes: map[Code]bool{}, recodes: map[Code]Code{}, used: map[Code]bool{},
		amended: map[int64]orb.MultiPolygon{}, areas: map[*orb.Point]float64{}}
	p.r.Units, p.r.Members = slices.Clone(r.Units), slices.Clone(r.Members)
	p.r.Results, p.r.Children = slices.Clone(r.Results), slices.Clone(r.Children)
	return p
}

// refuse adds an error; zh and en share the arguments.
func (p *plan) refuse(rule, field, zh, en string, args ...any) *Refusal {
	p.refusals = append(p.refusals, refusal(rule, field, geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}))
	return &p.refusals[len(p.refusals)-1]
}

func (p *plan) warn(rule, field, zh, en string, args ...any) {
	w := refusal(rule, field, geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)})
	w.Severity = geo.Warning
	p.effect.Warnings = append(p.effect.Warnings, w)
}

// earliestDate and latestDate bound dates to years of four digits.
var (
	earliestDate = mustDate("0001-01-02")
	latestDate   = mustDate("9999-12-30")
)

func mustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// general checks what is the same for all kinds.
func (p *plan) general() bool {
	r := &p.r
	if !slices.Contains(EventKinds[:], r.Kind) {
		p.refuse("kind-unknown", "kind", "没有 %q 这种变更。", "There is no kind of event %q.", cut(string(r.Kind)))
	}
	if r.Date < earliestDate || r.Date > latestDate {
		p.refuse("date-missing", "date", "需要生效日期。", "The date of effect is needed.")
	}
	if r.Document.Number == "" {
		p.warn("document-missing", "document", "没有批准文号。", "There is no number of an approval.")
		p.effect.Warnings[len(p.effect.Warnings)-1].Basis = "行政区划管理条例（国务院令第704号）"
	}
	if d := r.Document.Date; d != nil && *d > r.Date {
		p.warn("document-later", "document", "批准日期 %s 晚于生效日期 %s。", "The approval of %s is later than the date of effect, %s.", *d, r.Date)
	}
	for i, c := range r.Children {
		if _, twice := p.recodes[c.Code]; twice {
			p.refuse("child-twice", fmt.Sprintf("children.%d", i), "%s 给出了两个新代码。", "%s is given two new codes.", c.Code)
		}
		p.recodes[c.Code] = c.NewCode
	}
	for field, list := range map[string][]Code{"units": r.Units, "members": r.Members} {
		seen := map[Code]bool{}
		for _, c := range list {
			if seen[c] {
				p.refuse("unit-twice", field, "%s 重复出现。", "%s is named twice.", c)
			}
			seen[c] = true
		}
	}
	var sum float64
	for _, v := range r.PopulationShares {
		sum += v
		if !(v >= 0 && v <= 1) {
			p.refuse("population-shares", "population_shares", "人口比例应在 0 至 1 之间。", "A share of people lies between 0 and 1.")
			break
		}
	}
	if r.Kind == Split && len(r.PopulationShares) > 0 &&
		(len(r.PopulationShares) != len(r.Results) || !(math.Abs(sum-1) < 1e-6)) {
		p.refuse("population-shares", "population_shares", "人口比例须与结果一一对应，且合计为 1。",
			"There must be one share of people for each result, and they must sum to 1.")
	}
	return len(p.refusals) == 0
}

func (p *plan) decide() {
	switch p.r.Kind {
	case Establish:
		p.establish()
	case Abolish:
		p.abolish()
	case Merge:
		p.merge()
	case Split:
		p.split()
	case Transfer:
		p.transfer()
	case Rename, Recode, Upgrade:
		p.restate()
	case Reseat:
		p.reseat()
	case Adjust:
		p.adjust()
	}
}

// name says a version as people do.
func (u *Unit) title() string { return u.Name + "（" + u.Code.Short() + "）" }

// subject finds the version of a code that the event would change, nil after a refusal.
func (p *plan) subject(code Code, field string) *Unit {
	u, ok := p.s.At(code, p.eve)
	if !ok {
		if later, ok := p.s.At(code, p.r.Date); ok {
			p.refuse("unit-unknown", field, "%s 自 %s 起才有效，前一日尚不存在。", "%s begins only on %s and was not in force the day before.", later.title(), p.r.Date)
			return nil
		}
		f := p.refuse("unit-unknown", field, "%s 在 %s 不是有效单位。", "%s was not in force on %s.", code, p.eve)
		f.Object = string(code)
		return nil
	}
	if !p.open(u, field) {
		return nil
	}
	return u
}

// open refuses a version that something later on record has ended.
func (p *plan) open(u *Unit, field string) bool {
	if u.Valid.To == Future {
		return true
	}
	for _, i := range p.s.after[u.ID] {
		e, ok := p.s.events[p.s.edges[i].EventID]
		if !ok {
			continue
		}
		rule, zh, en := "later-event", "其后", "later"
		if u.Valid.To == p.r.Date {
			rule, zh, en = "same-day-event", "同日", "same-day"
		}
		doc := strings.TrimSpace(e.Document.Number + " " + e.Document.Title)
		f := p.refuse(rule, field, "", "")
		f.Message = geo.Text{
			ZH: fmt.Sprintf("%s 已有%s的变更：%s %s %s。请先撤回它，或改用其后的日期。", u.title(), zh, e.Date, kindNames[e.Kind], doc),
			EN: fmt.Sprintf("A %s event has already changed %s: %s of %s %s. Withdraw it first, or choose a date after it.", en, u.title(), e.Kind, e.Date, doc),
		}
		f.Object, f.EventID = u.title(), e.ID
		return false
	}
	f := p.refuse("later-version", field, "%s 的这一版本到 %s 为止，其后另有记载。", "This version of %s ends on %s; the record goes on differently.", u.title(), u.Valid.To)
	f.Object = u.title()
	return false
}

// end ends a version once.
func (p *plan) end(u *Unit) {
	if !p.ended[u.ID] {
		p.ended[u.ID] = true
		p.effect.End = append(p.effect.End, EndVersion{u.ID, p.r.Date})
	}
}

// begin starts a version made of shares of others. Code and parent must be checked already.
func (p *plan) begin(u Unit, geom orb.MultiPolygon, moved bool, from ...share) *begun {
	u.ID, u.Valid, u.Geom = 0, Range{p.r.Date, Future}, geom
	u.Source = p.source()
	if moved {
		u.Label = orb.Point{}
	}
	for _, f := range from {
		u.Secrecy = min(u.Secrecy, f.before.Secrecy)
		u.Synthetic = u.Synthetic || f.before.Synthetic
	}
	b := &begun{unit: u, from: from, moved: moved}
	p.begun = append(p.begun, b)
	p.codes[u.Code] = true
	return b
}

func (p *plan) source() string {
	switch d := p.r.Document; {
	case d.Number != "":
		return d.Number
	case d.Title != "":
		return d.Title
	}
	return "区划变更记录 " + p.r.Date.String()
}

// whole is all of a version.
func (p *plan) whole(u *Unit) share {
	one := 1.0
	return share{before: u, areaM2: p.area(p.geom(u)), area: 1, people: &one}
}

// part is a part of a version with its own geometry; people is nil for not known.
func (p *plan) part(u *Unit, geom orb.MultiPolygon, people *float64) share {
	a := p.area(geom)
	return share{before: u, areaM2: a, area: ratio(a, p.area(p.geom(u))), people: people}
}

func ratio(a, all float64) float64 {
	if all <= 0 {
		return 0
	}
	return max(0, min(1, a/all))
}

// geom is the geometry of a version with the vertices that this event inserts.
func (p *plan) geom(u *Unit) orb.MultiPolygon {
	if g, ok := p.amended[u.ID]; ok {
		return g
	}
	return u.Geom
}

// area is the area in square metres; the same geometry is measured once.
func (p *plan) area(mp orb.MultiPolygon) float64 {
	if len(mp) == 0 || len(mp[0]) == 0 || len(mp[0][0]) == 0 {
		return 0
	}
	key := &mp[0][0][0]
	a, ok := p.areas[key]
	if !ok {
		a = geodesy.AreaM2(mp)
		p.areas[key] = a
	}
	return a
}

// finish writes the effect from the plan and checks that nothing is lost.
func (p *plan) finish() {
	for code := range p.recodes {
		if !p.used[code] {
			p.refuse("child-unknown", "children", "%s 不随本次变更改码。", "%s gets no new code in this event.", code)
		}
	}
	if len(p.refusals) == 0 {
		p.conserved() // of a plan that was given up halfway the sums say nothing
	}
	if len(p.refusals) > 0 {
		return
	}
	for i, b := range p.begun {
		b.unit.ID = -int64(i + 1)
		if b.moved || b.unit.Label == (orb.Point{}) {
			b.unit.Label = topo.LabelPoint(b.unit.Geom)
		}
		p.effect.Begin = append(p.effect.Begin, b.unit)
		if len(b.from) == 0 {
			p.effect.Lineage = append(p.effect.Lineage, Edge{After: b.unit.ID, AreaShare: 1, AreaM2: p.area(b.unit.Geom)})
		}
		for _, f := range b.from {
			p.effect.Lineage = append(p.effect.Lineage, Edge{Before: f.before.ID, After: b.unit.ID, AreaShare: f.area, AreaM2: f.areaM2, PopulationShare: f.people})
		}
	}
	p.settleShares()
	for i := range p.s.units {
		u := &p.s.units[i]
		if g, ok := p.amended[u.ID]; ok {
			v := *u
			v.Geom = g
			p.effect.Amend = append(p.effect.Amend, v)
		}
	}
	p.effect.Request = p.r
}

// settleShares makes the shares of what became of a version sum to 1 exactly as far as a float64 can, where they do to within
// rounding.
func (p *plan) settleShares() {
	sum, last := map[int64]float64{}, map[int64]int{}
	for i, e := range p.effect.Lineage {
		if e.Before != 0 {
			sum[e.Before] += e.AreaShare
			if j, ok := last[e.Before]; !ok || e.AreaShare > p.effect.Lineage[j].AreaShare {
				last[e.Before] = i
			}
		}
	}
	for id, i := range last {
		if d := 1 - sum[id]; math.Abs(d) < shareSlack {
			p.effect.Lineage[i].AreaShare += d
		}
	}
}

// conserved compares, level by level, the ground of what ends with that of what begins.
func (p *plan) conserved() {
	if p.r.Kind == Establish || p.r.Kind == Abolish {
		return
	}
	var before, after [Village + 1]float64
	for i := range p.s.units {
		if u := &p.s.units[i]; p.ended[u.ID] && int(u.Level) < len(before) {
			before[u.Level] += p.area(p.geom(u))
		}
	}
	for _, b := range p.begun {
		if int(b.unit.Level) < len(after) {
			after[b.unit.Level] += p.area(b.unit.Geom)
		}
	}
	for l := range before {
		if d := after[l] - before[l]; math.Abs(d) > 1e-9*before[l]+areaSlackM2 {
			p.refuse("area-not-conserved", "", "变更前后面积相差 %.1f 平方米（%.1f 与 %.1f），请先检查界线（yutu check topology）。",
				"The area differs by %.1f m² (%.1f before, %.1f after): check the borders first (yutu check topology).", d, before[l], after[l])
		}
	}
}

// areaSlackM2 is what sums of areas of a county may be off by rounding.
const areaSlackM2 = 0.01
