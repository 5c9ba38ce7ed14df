package division

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"yutu/geo"
)

// restated is what a unit that goes on as another is called.
type restated struct {
	code       Code
	name, kind string
	parent     Code
}

// continueAs ends a version and begins another of the same ground; what lies below follows when the code changes.
func (p *plan) continueAs(u *Unit, as restated) {
	p.end(u)
	v := *u
	v.Code, v.Name, v.Type, v.Parent = as.code, as.name, as.kind, as.parent
	p.begin(v, p.geom(u), false, p.whole(u))
	if as.code != u.Code {
		p.follow(u, as.code, true)
	}
}

// follow gives the units below u the new parent, and codes under it. keep prefers the serial number that a unit has.
func (p *plan) follow(u *Unit, parent Code, keep bool) {
	for _, c := range p.s.Children(u.Code, p.eve) {
		p.adopt(c, parent, keep)
	}
}

// adopt moves one unit under another parent, with all below it.
func (p *plan) adopt(c *Unit, parent Code, keep bool) {
	if !p.open(c, "members") {
		return
	}
	code := c.Code
	if _, asked := p.recodes[c.Code]; asked || !c.Code.Within(parent) {
		code = p.childCode(c, parent, keep)
	}
	if code == "" {
		return
	}
	p.continueAs(c, restated{code, c.Name, c.Type, parent})
}

// childCode is the code of a unit under a new parent: that which the request asks for, or the next free one; "" after a refusal.
func (p *plan) childCode(c *Unit, parent Code, keep bool) Code {
	if asked, ok := p.recodes[c.Code]; ok {
		p.used[c.Code] = true
		if !p.mayBear(asked, parent, c.Level, c.Type, "children") {
			return ""
		}
		p.codes[asked] = true
		return asked
	}
	code := p.nextCode(parent, c.Level, c.Type, serial(c.Code, c.Level), keep)
	if code == "" {
		f := p.refuse("no-free-code", "children", "%s 之下没有适合 %s（%s）的空闲代码，请在 children 中给出。",
			"Under %[1]s no code is free for %[2]s (%[3]s): give one under children.", parent, c.title(), c.Type)
		f.Object = c.title()
		return ""
	}
	p.codes[code] = true
	p.r.Children = append(p.r.Children, Recoding{c.Code, code})
	return code
}

// serial is the number that a code has at its own level.
func serial(c Code, l Level) int {
	if len(c) != 12 || l < Province || l > Village {
		return 0
	}
	n, _ := strconv.Atoi(string(c[levelAbove(l):l.Digits()]))
	return n
}

func levelAbove(l Level) int { return (l - 1).Digits() }

// withSerial is the code under the parent with the number at the level.
func withSerial(parent Code, l Level, n int) Code {
	width := l.Digits() - levelAbove(l)
	head := string(parent[:levelAbove(l)]) + fmt.Sprintf("%0*d", width, n)
	for len(head) < 12 {
		head += "0"
	}
	return Code(head)
}

// rangeOf finds the numbers of a type.
func (s *State) rangeOf(l Level, kind string) (CodeRange, bool) {
	i := slices.IndexFunc(s.codes, func(r CodeRange) bool { return r.Level == l && r.Type == kind })
	if i < 0 {
		return CodeRange{}, false
	}
	return s.codes[i], true
}

// nextCode is the next code for a unit of the type under a parent: its old number if that is wanted and was never used there; else
// the number after the largest ever used in the type's range; else the smallest never used; else the smallest not in use. "" for none.
func (p *plan) nextCode(parent Code, l Level, kind string, old int, keep bool) Code {
	if l < Province || l > Village || len(parent) != 12 {
		return ""
	}
	r, known := p.s.rangeOf(l, kind)
	if keep && old > 0 && (!known || old >= r.From && old <= r.To) {
		if c := withSerial(parent, l, old); !p.everUsed(c) {
			return c
		}
	}
	if !known {
		return ""
	}
	next := r.From
	for n := r.To; n >= r.From; n-- {
		if p.everUsed(withSerial(parent, l, n)) {
			next = n + 1
			break
		}
	}
	if next <= r.To {
		return withSerial(parent, l, next)
	}
	for n := r.From; n <= r.To; n++ {
		if c := withSerial(parent, l, n); !p.everUsed(c) {
			return c
		}
	}
	for n := r.From; n <= r.To; n++ {
		if c := withSerial(parent, l, n); !p.inUse(c) {
			return c
		}
	}
	return ""
}

func (p *plan) everUsed(c Code) bool { return p.codes[c] || len(p.s.byCode[c]) > 0 }

// inUse reports whether the code is borne on the event's date or later, by units that go on or by those that begin.
func (p *plan) inUse(c Code) bool {
	if p.codes[c] {
		return true
	}
	for _, i := range p.s.byCode[c] {
		if u := &p.s.units[i]; u.Valid.To > p.r.Date && !p.ended[u.ID] {
			return true
		}
	}
	return false
}

// mayBear checks a code for a unit of the level and type under the parent; what ends must have ended by then.
func (p *plan) mayBear(c, parent Code, l Level, kind, field string) bool {
	n := len(p.refusals)
	if c.Level() != l && parent != "" {
		f := p.refuse("code-level", field, "代码 %s 不是这一级的代码。", "%s is not a code of this level.", c)
		f.Object = string(c)
	}
	if parent != "" && !c.Within(parent) {
		f := p.refuse("parent-mismatch", field, "代码 %s 不在上级 %s 之下。", "The code %s does not lie under its parent %s.", c, parent)
		f.Object = string(c)
	}
	if r, ok := p.s.rangeOf(l, kind); ok {
		if s := serial(c, l); s < r.From || s > r.To {
			width := l.Digits() - levelAbove(l)
			f := p.refuse("code-range", field, "代码 %s 不在%s的号段 %0*d—%0*d 内。", "The code %[1]s is outside the range of %[2]s, %0[3]*[4]d–%0[5]*[6]d.",
				c, kind, width, r.From, width, r.To)
			f.Message.EN = fmt.Sprintf("The code %s is outside the range of %s, %0*d–%0*d.", c, kind, width, r.From, width, r.To)
			f.Object, f.Basis = string(c), "县级以下行政区划代码编制规则"
		}
	}
	if p.inUse(c) {
		p.inUseRefusal(c, field)
	} else if list := p.s.byCode[c]; len(list) > 0 {
		last := &p.s.units[list[len(list)-1]]
		if !p.ended[last.ID] {
			p.warn("code-reissued", field, "代码 %s 曾用于 %s，将重新启用。", "The code %s was borne by %s before and is issued again.", c, last.title())
		}
	}
	return len(p.refusals) == n
}

func (p *plan) inUseRefusal(c Code, field string) {
	for _, i := range p.s.byCode[c] {
		if u := &p.s.units[i]; u.Valid.To > p.r.Date && !p.ended[u.ID] {
			f := p.refuse("code-in-use", field, "代码 %s 在 %s 及以后由 %s 使用。", "The code %s is borne by %s on %s or later.", c, p.r.Date, u.title())
			f.Message.EN = fmt.Sprintf("The code %s is borne by %s on %s or later.", c, u.title(), p.r.Date)
			f.Object = string(c)
			return
		}
	}
	f := p.refuse("code-in-use", field, "代码 %s 在本次变更中用了两次。", "The code %s is given twice in this event.", c)
	f.Object = string(c)
}

// settleResult fills in what the request leaves open of the i-th result and checks it; like is the unit it goes on from. ok is false
// after a refusal. All that ends must have ended by then.
func (p *plan) settleResult(i int, like *Unit) (restated, bool) {
	n := len(p.refusals)
	r := &p.r.Results[i]
	field := func(m string) string { return fmt.Sprintf("results.%d.%s", i, m) }
	if r.Type == "" {
		r.Type = like.Type
	}
	if r.Name == "" {
		r.Name = like.Name
		if stem, ok := strings.CutSuffix(like.Name, like.Type); ok && stem != "" && like.Type != "" && r.Type != like.Type {
			r.Name = stem + r.Type
		}
	}
	if r.Parent == "" {
		r.Parent = like.Parent
	}
	if r.Parent != "" {
		p.checkParent(r.Parent, like.Level, field("parent"))
	}
	if r.Code == "" {
		if same, ok := p.s.rangeOf(like.Level, r.Type); like.Code.Within(r.Parent) && !p.inUse(like.Code) && (r.Type == like.Type ||
			ok && serial(like.Code, like.Level) >= same.From && serial(like.Code, like.Level) <= same.To) {
			r.Code = like.Code
		} else if r.Code = p.nextCode(r.Parent, like.Level, r.Type, 0, false); r.Code == "" {
			p.refuse("no-free-code", field("code"), "没有适合%s的空闲代码，请给出代码。", "No code is free for a %s: give one.", r.Type)
			return restated{}, false
		}
	}
	if p.mayBear(r.Code, r.Parent, like.Level, r.Type, field("code")) {
		p.codes[r.Code] = true
	}
	return restated{r.Code, r.Name, r.Type, r.Parent}, len(p.refusals) == n
}

// checkParent refuses a parent that is not in force, not open or not above.
func (p *plan) checkParent(parent Code, l Level, field string) *Unit {
	u, ok := p.s.At(parent, p.r.Date)
	if !ok || p.ended[u.ID] {
		f := p.refuse("parent-mismatch", field, "上级 %s 在 %s 不是有效单位。", "The parent %s is not in force on %s.", parent, p.r.Date)
		f.Object = string(parent)
		return nil
	}
	if u.Level >= l {
		f := p.refuse("parent-mismatch", field, "%s 的级别不高于所属单位。", "%s is not above the unit.", u.title())
		f.Object = u.title()
		return nil
	}
	return u
}

// sameName warns of a unit of the same name under the same parent.
func (p *plan) sameName(as restated, l Level, field string) {
	for _, c := range p.s.Children(as.parent, p.r.Date) {
		if c.Level == l && c.Name == as.name && !p.ended[c.ID] {
			p.effect.Warnings = append(p.effect.Warnings, Refusal{Field: field, Finding: geo.Finding{Rule: "name-in-use", Severity: geo.Warning,
				Object: c.title(), Basis: "地名管理条例（国务院令第753号）第九条", Message: geo.Text{
					ZH: fmt.Sprintf("同一上级之下已有同名单位 %s。", c.title()),
					EN: fmt.Sprintf("%s under the same parent already bears the name.", c.title())}}})
		}
	}
}
