package exchange

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
	"yutu/geo/topo/valid"
)

// convert makes a unit of a record. It may run beside others and touches nothing but r.
func (c *check) convert(r *record) unit {
	u := unit{record: r.number}
	u.CRSOriginal = c.out.CRS
	c.attributes(&u, r)
	c.geometry(&u, r)
	for i := range u.findings {
		// What was found before the geometry was known has a place now.
		if u.findings[i].Position == nil {
			u.findings[i].Position = u.position()
		}
	}
	return u
}

// position is where a finding about the unit as a whole is shown: a point inside it, else its first vertex, else
// nowhere.
func (u *unit) position() *[2]float64 {
	if u.within != (orb.Point{}) {
		return geo.At(u.within[0], u.within[1])
	}
	for _, poly := range u.Geom {
		for _, ring := range poly {
			if len(ring) > 0 {
				return geo.At(ring[0][0], ring[0][1])
			}
		}
	}
	return nil
}

func (c *check) text(r *record, field string) string { return r.value(c.picks[field].at) }

func (c *check) add(u *unit, f geo.Finding) {
	f.File, f.Record = c.f.name, u.record
	if f.Object == "" {
		f.Object = u.object()
	}
	if f.Position == nil {
		f.Position = u.position()
	}
	u.findings = append(u.findings, f)
}

// object names a unit as its users do.
func (u *unit) object() string { return strings.TrimSpace(string(u.Code) + " " + u.Name) }

func (c *check) attributes(u *unit, r *record) {
	u.Name = c.text(r, fieldName)
	raw := c.text(r, fieldCode)
	code, err := parseCode(raw, c.picks[fieldCode].rule)
	if err != nil {
		c.add(u, codeUnreadable(raw, u.Name))
	}
	u.Code, u.ok = code, err == nil
	c.level(u, r)
	if c.picks[fieldName].at >= 0 {
		c.checkName(u)
	}
	if u.Type = c.text(r, fieldType); u.Type == "" {
		u.Type = kindOf(u.Name, u.Level)
	}
	c.parent(u, r)
	c.dates(u, r)
	u.Secrecy = c.o.Secrecy
	if s := c.text(r, fieldSecrecy); s != "" {
		var ok bool
		if u.Secrecy, ok = division.ParseSecrecy(strings.ToLower(s)); !ok {
			c.add(u, secrecyUnreadable(s))
		}
	}
	if u.Source = c.text(r, fieldSource); u.Source == "" {
		u.Source = c.o.Source
	}
	if c.o.Synthetic != nil {
		u.Synthetic = *c.o.Synthetic
	}
	if s := c.text(r, fieldSynthetic); s != "" {
		switch strings.ToLower(s) {
		case "true", "t", "yes", "y", "1", "1.0", "是":
			u.Synthetic = true
		case "false", "f", "no", "n", "0", "0.0", "否":
			u.Synthetic = false
		default:
			c.add(u, syntheticUnreadable(s))
		}
	}
	for _, t := range []*string{&u.Type, &u.Source} {
		if bad, ok := badCharacter(*t); ok {
			c.add(u, controlCharacter(*t, bad))
		}
	}
}

func (c *check) level(u *unit, r *record) {
	u.Level = u.Code.Level()
	fromCode := u.Level
	if c.o.Level != 0 {
		u.Level = c.o.Level
	}
	if s := c.text(r, fieldLevel); s != "" {
		if l, ok := division.ParseLevel(strings.TrimSuffix(s, ".0")); ok {
			u.Level = l
		} else {
			c.add(u, levelUnreadable(s, u.Level))
		}
	}
	if u.ok && u.Level != fromCode {
		c.add(u, levelDisagrees(u.Level, fromCode))
	}
}

func (c *check) checkName(u *unit) {
	if u.Name == "" {
		c.add(u, nameEmpty())
		return
	}
	if bad, ok := badCharacter(u.Name); ok {
		c.add(u, controlCharacter(u.Name, bad))
	}
	if n := utf8.RuneCountInString(u.Name); n > nameMax {
		c.add(u, nameLong(u.Name, n))
	}
}

// badCharacter finds what no name can hold: control characters, and bytes that were no text.
func badCharacter(s string) (rune, bool) {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return r, true
			}
		}
		if unicode.IsControl(r) || r == 0x200b || r == 0xfeff || r >= 0x202a && r <= 0x202e {
			return r, true
		}
	}
	return 0, false
}

// parent takes the parent that the file states. Parents by the digits of the code are settled when all units
// are known.
func (c *check) parent(u *unit, r *record) {
	s := c.text(r, fieldParent)
	if s == "" || s == "0" || s == codes["country-code"] {
		return
	}
	p, err := parseCode(s, "")
	if err != nil {
		c.add(u, parentUnreadable(s))
		return
	}
	u.Parent, u.parentAs = p, s
}

func (c *check) dates(u *unit, r *record) {
	u.Valid = division.Always
	read := func(field string, to *division.Date) {
		s := c.text(r, field)
		if s == "" {
			return
		}
		// A time of day behind the date says nothing about a day's validity.
		day := s
		if i := strings.IndexAny(s, "T "); i >= 8 {
			day = s[:i]
		}
		d, err := division.ParseDate(day)
		if err != nil {
			c.add(u, dateUnreadable(field, s))
			return
		}
		if field == fieldValidTo && d.String() == codes["open-end"] {
			return
		}
		*to = d
	}
	read(fieldValidFrom, &u.Valid.From)
	read(fieldValidTo, &u.Valid.To)
	if u.Valid.Empty() {
		c.add(u, dateOrder(u.Valid))
	}
}

// findingsPerRecord is how many violations of one geometry are told; the next ones are usually of the same cause.
const findingsPerRecord = 20

func (c *check) geometry(u *unit, r *record) {
	switch {
	case r.kind != "":
		c.add(u, geometryKind(r.kind))
		return
	case len(r.geom) == 0:
		c.add(u, geometryEmpty())
		return
	case vertices(r.geom) > maxVertices:
		c.add(u, geometryTooLarge(vertices(r.geom)))
		return
	case !c.useGeom:
		return
	}
	if err := c.toLonLat(r.geom); err != nil {
		c.add(u, coordinateRefused(err))
		return
	}
	u.Geom = r.geom
	b := u.Geom.Bound()
	u.outside = b.Min[0] < extent.west || b.Max[0] > extent.east || b.Min[1] < extent.south || b.Max[1] > extent.north
	e := r.early
	if e == nil || !c.plain() {
		found := examine(u.Geom)
		e = &found
	}
	whole := true
	for i, v := range e.violations {
		f := violation(v)
		whole = whole && f.Severity < geo.Error
		switch {
		case i < findingsPerRecord:
			c.add(u, f)
		case i == findingsPerRecord:
			c.add(u, moreViolations(e.violations[i:]))
		}
	}
	if u.within = e.within; whole {
		valid.Orient(u.Geom)
	}
}

// plain reports whether the coordinates are longitude and latitude as they stand.
func (c *check) plain() bool { return c.crs == crs.CGCS2000 || c.crs == crs.WGS84 }

// toLonLat converts in place to the grid of the house, until the first coordinate that has no place.
func (c *check) toLonLat(mp orb.MultiPolygon) error {
	plain := c.plain()
	for _, poly := range mp {
		for _, ring := range poly {
			for i, p := range ring {
				// Degrees in range need no conversion; the check of the range is ToLonLat's in the rare rest.
				if !plain || !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
					q, err := c.crs.ToLonLat(p[0], p[1])
					if err != nil {
						return err
					}
					p = q
				}
				ring[i] = crs.Snap(p)
			}
		}
	}
	return nil
}
