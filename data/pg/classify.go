package pg

import (
	"cmp"
	"fmt"
	"slices"

	"yutu/geo"
	"yutu/geo/division"
)

// present is what decisions need to know of a row on record, or of one that was.
type present struct {
	id        int64
	code      division.Code
	parent    division.Code
	valid     division.Range
	hash      [32]byte
	synthetic bool
	secrecy   division.Secrecy
}

// write is a row to be written; before is nil where there is no row with its id yet.
type write struct {
	unit   division.Unit
	hash   [32]byte
	before *present
}

// plan is what an import would do. It is the same for a dry run and for the real thing.
type plan struct {
	withdrawn []*present // synthetic rows that make way
	ended     []*present // versions that end at the day of the import
	writes    []write    // corrections, and new rows, whose unit.ID is 0
	unchanged int
	at        division.Date // meaningful where ended is not empty
}

func (p *plan) nothing() bool { return len(p.withdrawn) == 0 && len(p.writes) == 0 }

// figures counts what the plan does: a version that ends and its successor are one change.
func (p *plan) figures() ImportResult {
	r := ImportResult{Unchanged: p.unchanged, Withdrawn: len(p.withdrawn)}
	for i := range p.writes {
		if p.writes[i].before != nil {
			r.Changed++
		} else {
			r.Added++
		}
	}
	r.Added -= len(p.ended)
	r.Changed += len(p.ended)
	return r
}

// hashUnit is a unit's digest if it were valid in the range.
func hashUnit(u *division.Unit, valid division.Range) [32]byte {
	v := *u
	v.Valid = valid
	return v.Hash()
}

// match is one unit of the file with the version on record that it speaks of, nil if there is none.
type match struct {
	unit  *division.Unit
	old   *present
	valid division.Range
	split bool // old ends at the day of the import, unless the unit says just what old says
}

// classify decides what the units mean for the rows on record. today is the present day; at, if not nil, is the day
// from which on units that state no dates hold.
//
// A unit speaks of the version of its code with the same dates; else of the one that begins on the same day; else,
// if it is in force on the day (at, or today), of the one in force on that day. It replaces that version, which
// keeps its id. A unit that states no dates takes over those of the version, or with at ends it on that day and
// begins a new one.
func classify(today division.Date, at *division.Date, rows []present, units []division.Unit) (*plan, error) {
	p := new(plan)
	day := today
	if at != nil {
		day, p.at = *at, *at
	}
	kept, err := p.withdraw(rows, units)
	if err != nil {
		return nil, err
	}
	matches, err := matchUnits(day, at != nil, kept, units)
	if err != nil {
		return nil, err
	}
	p.settle(matches)
	return p, nil
}

// withdraw keeps synthetic and real units apart and returns the rows that stay, by code.
func (p *plan) withdraw(rows []present, units []division.Unit) (map[division.Code][]*present, error) {
	var realRows, realUnits, syntheticUnits bool
	for i := range rows {
		realRows = realRows || !rows[i].synthetic
	}
	for i := range units {
		realUnits = realUnits || !units[i].Synthetic
		syntheticUnits = syntheticUnits || units[i].Synthetic
	}
	if syntheticUnits && (realRows || realUnits) {
		return nil, &Error{Kind: ErrSyntheticOverReal, Text: geo.Text{
			ZH: "合成数据不得与真实数据并存：请先撤销真实数据的导入，或另用一个数据库",
			EN: "synthetic divisions cannot be imported beside real ones: undo the imports of real data first, or use another database",
		}}
	}
	kept := make(map[division.Code][]*present, len(rows))
	for i := range rows {
		if r := &rows[i]; r.synthetic && realUnits {
			p.withdrawn = append(p.withdrawn, r)
		} else {
			kept[r.code] = append(kept[r.code], r)
		}
	}
	slices.SortFunc(p.withdrawn, func(a, b *present) int { return cmp.Compare(a.id, b.id) })
	for _, versions := range kept {
		slices.SortFunc(versions, func(a, b *present) int { return cmp.Compare(a.valid.From, b.valid.From) })
	}
	return kept, nil
}

// matchUnits returns the matches in the order of the units, and an error if versions of one code would overlap.
func matchUnits(day division.Date, dated bool, kept map[division.Code][]*present, units []division.Unit) ([]match, error) {
	matches := make([]match, len(units))
	byCode := make(map[division.Code][]*match, len(units))
	for i := range units {
		matches[i].unit = &units[i]
		byCode[units[i].Code] = append(byCode[units[i].Code], &matches[i])
	}
	var worst error
	var worstCode division.Code
	clashes := 0
	for code, ms := range byCode {
		versions := kept[code]
		matchVersions(day, versions, ms)
		for _, m := range ms {
			m.setValid(day, dated, versions)
		}
		if a, b, ok := overlap(versions, ms); ok {
			if clashes++; worst == nil || code < worstCode {
				worst, worstCode = overlapError(code, a, b), code
			}
		}
	}
	if clashes > 1 {
		e := worst.(*Error)
		e.Text.ZH += fmt.Sprintf("（另有 %d 个代码有同样的问题）", clashes-1)
		e.Text.EN += fmt.Sprintf(" (and %d more codes with the same problem)", clashes-1)
	}
	return matches, worst
}

// matchVersions gives each unit of one code the version that it speaks of; no version is given twice.
func matchVersions(day division.Date, versions []*present, ms []*match) {
	taken := make(map[*present]bool, len(versions))
	pass := func(fits func(u *division.Unit, v *present) bool) {
		for _, m := range ms {
			for _, v := range versions {
				if m.old == nil && !taken[v] && fits(m.unit, v) {
					m.old, taken[v] = v, true
				}
			}
		}
	}
	pass(func(u *division.Unit, v *present) bool { return stated(u) && u.Valid == v.valid })
	pass(func(u *division.Unit, v *present) bool { return stated(u) && u.Valid.From == v.valid.From })
	pass(func(u *division.Unit, v *present) bool { return u.Valid.Contains(day) && v.valid.Contains(day) })
}

// stated reports whether the file itself gives the dates.
func stated(u *division.Unit) bool { return u.Valid != division.Always }

// setValid settles from when until when the unit will be valid.
func (m *match) setValid(day division.Date, dated bool, versions []*present) {
	switch {
	case stated(m.unit):
		m.valid = m.unit.Valid
	case m.old != nil:
		m.valid = m.old.valid
		m.split = dated && m.old.valid.From != day
	case dated:
		m.valid = division.Range{From: day, To: division.Future}
		for _, v := range versions {
			if v.valid.From > day {
				m.valid.To = min(m.valid.To, v.valid.From)
			}
		}
	default:
		m.valid = division.Always
	}
}

// overlap returns two versions of one code that would be valid on the same day.
func overlap(versions []*present, ms []*match) (a, b division.Range, found bool) {
	replaced := map[*present]bool{}
	ranges := make([]division.Range, 0, len(versions)+len(ms))
	for _, m := range ms {
		// A split version and its successor together cover what the version covers now.
		ranges = append(ranges, m.valid)
		replaced[m.old] = true
	}
	for _, v := range versions {
		if !replaced[v] {
			ranges = append(ranges, v.valid)
		}
	}
	slices.SortFunc(ranges, func(a, b division.Range) int { return cmp.Compare(a.From, b.From) })
	for i := 1; i < len(ranges); i++ {
		if ranges[i-1].To > ranges[i].From {
			return ranges[i-1], ranges[i], true
		}
	}
	return a, b, false
}

func overlapError(code division.Code, a, b division.Range) error {
	return &Error{Kind: ErrOverlap, Text: geo.Text{
		ZH: fmt.Sprintf("代码 %s 有两个版本在同一天有效：%s 与 %s。请用 --at 说明新版本自哪天起有效，或在文件中写明起止日期（valid_from、valid_to）", code, show(a), show(b)),
		EN: fmt.Sprintf("code %s would have two versions valid on the same day: %s and %s. Say with --at from which day the new one is valid, or give dates in the file (valid_from, valid_to)", code, show(a), show(b)),
	}}
}

// settle compares digests, which is the costly part, and fills the plan.
func (p *plan) settle(matches []match) {
	type outcome struct {
		hash      [32]byte
		valid     division.Range
		unchanged bool
	}
	out := make([]outcome, len(matches))
	parallel(len(matches), func(i int) {
		m, o := &matches[i], &out[i]
		o.valid = m.valid
		o.hash = hashUnit(m.unit, m.valid)
		if m.old == nil {
			return
		}
		if o.unchanged = o.hash == m.old.hash; o.unchanged || !m.split {
			return
		}
		o.valid.From = p.at
		o.hash = hashUnit(m.unit, o.valid)
	})
	for i := range matches {
		m, o := &matches[i], &out[i]
		if o.unchanged {
			p.unchanged++
			continue
		}
		w := write{unit: *m.unit, hash: o.hash, before: m.old}
		w.unit.ID, w.unit.Valid = 0, o.valid
		if m.split {
			p.ended = append(p.ended, m.old)
			w.before = nil
		} else if m.old != nil {
			w.unit.ID = m.old.id
		}
		p.writes = append(p.writes, w)
	}
}
