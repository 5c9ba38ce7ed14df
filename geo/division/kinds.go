package division

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
	"yutu/geo/topo"
)

// subjects finds the units of the request; all is false after a refusal.
func (p *plan) subjects(least, most int) (units []*Unit, all bool) {
	n := len(p.r.Units)
	switch {
	case n < least && least == most:
		p.refuse("units-count", "units", "需要 %d 个单位，只有 %d 个。", "%d units are needed, there are %d.", least, n)
		return nil, false
	case n < least:
		p.refuse("units-count", "units", "至少需要 %d 个单位。", "At least %d units are needed.", least)
		return nil, false
	case n > most:
		p.refuse("units-count", "units", "最多 %d 个单位，却有 %d 个。", "There may be at most %d units, there are %d.", most, n)
		return nil, false
	}
	all = true
	for i, c := range p.r.Units {
		u := p.subject(c, fmt.Sprintf("units.%d", i))
		if u == nil {
			all = false
			continue
		}
		units = append(units, u)
	}
	if !all {
		return nil, false
	}
	for _, u := range units[1:] {
		if u.Level != units[0].Level {
			p.refuse("level-differs", "units", "%s 与 %s 不同级。", "%s and %s are not of one level.", units[0].title(), u.title())
			return nil, false
		}
	}
	return units, true
}

// results makes sure that there are n results; missing ones are empty if fill says so.
func (p *plan) results(n int, fill bool) bool {
	for fill && len(p.r.Results) < n {
		p.r.Results = append(p.r.Results, Result{})
	}
	if len(p.r.Results) != n {
		p.refuse("results-count", "results", "应有 %d 个结果，却有 %d 个。", "There must be %d results, there are %d.", n, len(p.r.Results))
		return false
	}
	return true
}

// restate is Rename, Recode and Upgrade: the ground stays.
func (p *plan) restate() {
	units, ok := p.subjects(1, 1)
	if !ok || !p.results(1, true) {
		return
	}
	u, r := units[0], &p.r.Results[0]
	if r.Parent != "" && r.Parent != u.Parent {
		p.refuse("parent-mismatch", "results.0.parent", "此种变更不改变上级；改变隶属请用划转。", "The parent stays in this event; use transfer to change it.")
		return
	}
	r.Parent = u.Parent
	p.end(u)
	switch p.r.Kind {
	case Rename:
		if r.Code != "" && r.Code != u.Code {
			p.refuse("code-changes", "results.0.code", "更名不改代码；改代码请用变更代码。", "A new name keeps the code; use recode to change it.")
			return
		}
		if r.Name == "" || r.Name == u.Name {
			p.refuse("nothing-changes", "results.0.name", "新名称与原名称相同。", "The new name is the old one.")
			return
		}
		r.Code = u.Code
	case Recode:
		if r.Code == u.Code {
			p.refuse("nothing-changes", "results.0.code", "新代码与原代码相同。", "The new code is the old one.")
			return
		}
		if r.Code == "" {
			kind := r.Type
			if kind == "" {
				kind = u.Type
			}
			r.Code = p.nextCode(u.Parent, u.Level, kind, 0, false)
		}
	case Upgrade:
		if r.Type == "" || r.Type == u.Type {
			p.refuse("nothing-changes", "results.0.type", "新类型与原类型相同。", "The new type is the old one.")
			return
		}
	}
	as, ok := p.settleResult(0, u)
	if !ok {
		return
	}
	if as.name != u.Name {
		p.sameName(as, u.Level, "results.0.name")
	}
	p.continueAs(u, as)
}

func (p *plan) reseat() {
	units, ok := p.subjects(1, 1)
	if !ok {
		return
	}
	u := units[0]
	if p.r.Seat == nil || !onEarth(orb.Point(*p.r.Seat)) {
		p.refuse("seat-missing", "seat", "需要新驻地的位置（经度、纬度）。", "The position of the new seat is needed, lon, lat.")
		return
	}
	if !inside(u.Geom, *p.r.Seat) {
		f := p.refuse("seat-outside", "seat", "新驻地不在 %s 境内。", "The new seat lies outside %s.", u.title())
		f.Position = p.r.Seat
		return
	}
	one := 1.0
	p.effect.Lineage = append(p.effect.Lineage, Edge{Before: u.ID, After: u.ID, AreaShare: 1, AreaM2: p.area(u.Geom), PopulationShare: &one})
}

func (p *plan) merge() {
	units, ok := p.subjects(2, maxListed)
	if !ok || !p.results(1, true) {
		return
	}
	r := &p.r.Results[0]
	if r.Parent == "" {
		for _, u := range units[1:] {
			if u.Parent != units[0].Parent {
				p.refuse("parent-mismatch", "results.0.parent", "%s 与 %s 上级不同，请指明合并后的上级。",
					"%s and %s have different parents: say which the merged unit gets.", units[0].title(), u.title())
				return
			}
		}
	}
	for _, u := range units {
		p.end(u)
	}
	// The unit whose code or name the result bears is the one it goes on from.
	like := units[0]
	for _, u := range units {
		if u.Code == r.Code {
			like = u
		}
	}
	as, ok := p.settleResult(0, like)
	if !ok {
		return
	}
	p.mergeInto(units, like, as)
}

// mergeInto makes one unit of several, like of which it is the continuation.
func (p *plan) mergeInto(units []*Unit, like *Unit, as restated) {
	geom, ok := p.union(units)
	if !ok {
		return
	}
	var from []share
	for _, u := range units {
		p.end(u)
		from = append(from, p.whole(u))
		if u.Parent != as.parent {
			p.moves = append(p.moves, move{p.geom(u), u.Parent, as.parent})
		}
	}
	v := *like
	v.Code, v.Name, v.Type, v.Parent = as.code, as.name, as.kind, as.parent
	p.begin(v, geom, true, from...)
	for _, u := range units {
		if u.Code != as.code {
			p.follow(u, as.code, false)
		}
	}
}

// union joins the ground of units and refuses parts that do not touch unless the request allows them.
func (p *plan) union(units []*Unit) (orb.MultiPolygon, bool) {
	geoms := make([]orb.MultiPolygon, len(units))
	for i, u := range units {
		geoms[i] = p.geom(u)
	}
	geom, err := topo.Union(geoms)
	if err != nil {
		p.broken("units", err)
		return nil, false
	}
	if apart := firstApart(geoms); apart > 0 && !p.r.Enclave {
		f := p.refuse("not-touching", "enclave", "%s 与其余单位不相邻；如确为飞地，请勾选“允许飞地”。",
			"%s does not touch the others; if an enclave is meant, allow enclaves.", units[apart].title())
		f.Object = units[apart].title()
		return nil, false
	}
	return geom, true
}

func (p *plan) abolish() {
	units, ok := p.subjects(1, 1)
	if !ok {
		return
	}
	u := units[0]
	if p.r.To == "" {
		if kids := p.s.Children(u.Code, p.eve); len(kids) > 0 {
			f := p.refuse("children-left", "to", "%s 下有 %d 个单位，请指明由谁接管。", "%s has %d units below: say who takes them over.", u.title(), len(kids))
			f.Object = kids[0].title()
			return
		}
		if p.s.covered(u, p.eve) {
			p.refuse("area-not-conserved", "to", "撤销 %s 后其地域无所归属，请指明由谁接管。", "The ground of %s would belong to nobody: say who takes it over.", u.title())
			return
		}
		p.end(u)
		p.effect.Lineage = append(p.effect.Lineage, Edge{Before: u.ID, AreaShare: 1, AreaM2: p.area(u.Geom)})
		p.warn("area-not-conserved", "to", "%s 的地域不再属于任何同级单位。", "The ground of %s belongs to no unit of its level any more.", u.title())
		return
	}
	to := p.subject(p.r.To, "to")
	if to == nil || !p.receiver(to, u) {
		return
	}
	p.mergeInto([]*Unit{to, u}, to, restated{to.Code, to.Name, to.Type, to.Parent})
}

// receiver refuses a unit that cannot take ground of another.
func (p *plan) receiver(to, from *Unit) bool {
	switch {
	case to.ID == from.ID:
		p.refuse("same-unit", "to", "接收单位与移出单位相同。", "The unit that receives is the one that gives.")
	case to.Level != from.Level:
		p.refuse("level-differs", "to", "%s 与 %s 不同级。", "%s and %s are not of one level.", to.title(), from.title())
	default:
		return true
	}
	return false
}

// covered reports whether the ground of the units beside u, u included, is all of their parent's.
func (s *State) covered(u *Unit, day Date) bool {
	parent, ok := s.At(u.Parent, day)
	if !ok {
		return false
	}
	var sum float64
	for _, c := range s.Children(u.Parent, day) {
		sum += geodesy.AreaM2(c.Geom)
	}
	all := geodesy.AreaM2(parent.Geom)
	return sum > all*(1-1e-6)
}

func (p *plan) establish() {
	if !p.results(1, false) {
		return
	}
	r := &p.r.Results[0]
	if r.Name == "" {
		p.refuse("name-missing", "results.0.name", "需要名称。", "The name is missing.")
	}
	if r.Code == "" && r.Type == "" {
		p.refuse("code-missing", "results.0.code", "需要代码或类型。", "The code or the type is missing.")
	}
	if len(p.refusals) > 0 {
		return
	}
	if len(p.r.Members) > 0 {
		p.establishOf()
		return
	}
	geom := orb.MultiPolygon(r.Geometry)
	if len(geom) == 0 {
		p.refuse("geometry-missing", "results.0.geometry", "需要范围或所辖单位。", "The area or the units below are missing.")
		return
	}
	if !p.checkDrawn(geom) {
		return
	}
	level := r.Code.Level()
	var parent *Unit
	if r.Parent == "" && r.Code != "" {
		r.Parent, _ = r.Code.Parent()
		if _, ok := p.s.At(r.Parent, p.r.Date); !ok {
			r.Parent = ""
		}
	}
	if r.Parent != "" {
		if parent = p.checkParent(r.Parent, Village+1, "results.0.parent"); parent == nil {
			return
		}
		if r.Code == "" {
			level = parent.Level + 1
		}
		if !p.checkWithin(geom, parent) {
			return
		}
	}
	like := Unit{Level: level, Type: r.Type, Parent: r.Parent, Secrecy: Secret, CRSOriginal: "EPSG:4490"}
	if parent != nil {
		like.Secrecy, like.Synthetic = parent.Secrecy, parent.Synthetic
	} else if len(p.s.units) > 0 {
		like.Synthetic = p.s.units[0].Synthetic
	}
	as, ok := p.settleResult(0, &like)
	if !ok || !p.checkFree(geom, level) {
		return
	}
	like.Code, like.Name, like.Type, like.Parent = as.code, as.name, as.kind, as.parent
	p.sameName(as, level, "results.0.name")
	p.begin(like, geom, true)
	r.Geometry = nil
}

// establishOf makes a new unit of units below others.
func (p *plan) establishOf() {
	members, donors, ok := p.members(nil)
	if !ok {
		return
	}
	r := &p.r.Results[0]
	like := *donors[0]
	if r.Parent == "" {
		r.Parent = like.Parent
	}
	for _, d := range donors {
		p.end(d)
	}
	if r.Code == "" {
		// The donors go on and keep theirs.
		if r.Type == "" {
			r.Type = like.Type
		}
		r.Code = p.nextCode(r.Parent, like.Level, r.Type, 0, false)
	}
	as, ok := p.settleResult(0, &like)
	if !ok {
		return
	}
	if i := slices.IndexFunc(donors, func(d *Unit) bool { return d.Code == as.code }); i >= 0 {
		p.refuse("code-in-use", "results.0.code", "代码 %s 仍由 %s 使用。", "The code %s is still borne by %s.", as.code, donors[i].title())
		return
	}
	geom, ok := p.union(members)
	if !ok {
		return
	}
	var from []share
	for _, d := range donors {
		if part, ok := p.give(d, members); ok {
			from = append(from, p.part(d, part, nil))
			if d.Parent != as.parent {
				p.moves = append(p.moves, move{part, d.Parent, as.parent})
			}
		}
	}
	if len(p.refusals) > 0 {
		return
	}
	like.Code, like.Name, like.Type, like.Parent = as.code, as.name, as.kind, as.parent
	p.begin(like, geom, true, from...)
	for _, m := range members {
		p.adopt(m, as.code, false)
	}
}

// members finds the units below that go, and the units above that give them, in the order of their first member. When of is not nil
// all must be below it.
func (p *plan) members(of *Unit) (members, donors []*Unit, ok bool) {
	for i, c := range p.r.Members {
		field := fmt.Sprintf("members.%d", i)
		m := p.subject(c, field)
		if m == nil {
			continue
		}
		d, found := p.s.At(m.Parent, p.eve)
		if !found || of != nil && d.ID != of.ID {
			above := m.Parent.Short()
			if of != nil {
				above = of.title()
			}
			f := p.refuse("parent-mismatch", field, "%s 不是 %s 的下级。", "%s does not lie under %s.", m.title(), above)
			f.Object = m.title()
			continue
		}
		if !p.open(d, field) {
			continue
		}
		members = append(members, m)
		if !slices.Contains(donors, d) {
			donors = append(donors, d)
		}
	}
	if len(p.refusals) > 0 {
		return nil, nil, false
	}
	for _, d := range donors[1:] {
		if d.Level != donors[0].Level {
			p.refuse("level-differs", "members", "%s 与 %s 不同级。", "%s and %s are not of one level.", donors[0].title(), d.title())
			return nil, nil, false
		}
	}
	return members, donors, true
}

// give takes the members that lie under it out of a unit, which goes on with the rest, and returns their ground.
func (p *plan) give(d *Unit, members []*Unit) (orb.MultiPolygon, bool) {
	var geoms []orb.MultiPolygon
	for _, m := range members {
		if m.Parent == d.Code {
			geoms = append(geoms, p.geom(m))
		}
	}
	part, err := topo.Union(geoms)
	if err != nil {
		p.broken("members", err)
		return nil, false
	}
	rest, err := topo.Subtract(p.geom(d), geoms)
	if err != nil {
		p.broken("members", err)
		return nil, false
	}
	if len(rest) == 0 {
		f := p.refuse("nothing-left", "members", "%s 将一无所余，请改用合并。", "Nothing would be left of %s: use merge instead.", d.title())
		f.Object = d.title()
		return nil, false
	}
	p.end(d)
	p.begin(*d, rest, true, p.part(d, rest, nil))
	return part, true
}

func (p *plan) split() {
	units, ok := p.subjects(1, 1)
	if !ok || !p.results(2, false) {
		return
	}
	u := units[0]
	var parts []orb.MultiPolygon
	var members []*Unit
	switch {
	case len(p.r.Members) > 0 && len(p.r.Line) > 0:
		p.refuse("line-and-members", "line", "划线与所辖单位只能给出其一。", "Give a line or members, not both.")
		return
	case len(p.r.Members) > 0:
		if members, _, ok = p.members(u); !ok {
			return
		}
		first, ok := p.union(members)
		if !ok {
			return
		}
		rest, err := topo.Subtract(p.geom(u), []orb.MultiPolygon{first})
		if err != nil {
			p.broken("members", err)
			return
		}
		if len(rest) == 0 {
			p.refuse("nothing-left", "members", "全部下级都划出，%s 没有剩余。", "All of %s would go to the first result.", u.title())
			return
		}
		parts = []orb.MultiPolygon{first, rest}
	default:
		if parts, ok = p.cutByLine(u); !ok {
			return
		}
	}
	p.end(u)
	// The part that keeps the code must be known before the other looks for a free one.
	var as [2]restated
	order := []int{0, 1}
	if p.r.Results[1].Code == u.Code {
		order = []int{1, 0}
	}
	for _, i := range order {
		if p.r.Results[i].Name == "" {
			p.refuse("name-missing", fmt.Sprintf("results.%d.name", i), "需要名称。", "The name is missing.")
		}
		if as[i], ok = p.settleResult(i, u); !ok {
			return
		}
	}
	if len(p.refusals) > 0 {
		return
	}
	children := p.s.Children(u.Code, p.eve)
	side := make([]int, len(children))
	for k, c := range children {
		if len(members) > 0 {
			if side[k] = 1; slices.Contains(members, c) {
				side[k] = 0
			}
		} else if side[k] = sideOf(p.geom(c), parts); side[k] < 0 {
			f := p.refuse("line-cuts-child", "line", "划线穿过下级单位 %s；请先拆分该单位，或按下级单位拆分。",
				"The line runs through %s below: split that first, or split by whole units.", c.title())
			f.Object = c.title()
		}
	}
	if len(p.refusals) > 0 {
		return
	}
	for i := range as {
		var people *float64
		if len(p.r.PopulationShares) == 2 {
			people = &p.r.PopulationShares[i]
		}
		v := *u
		v.Code, v.Name, v.Type, v.Parent = as[i].code, as[i].name, as[i].kind, as[i].parent
		p.begin(v, parts[i], true, p.part(u, parts[i], people))
		if as[i].parent != u.Parent {
			p.moves = append(p.moves, move{parts[i], u.Parent, as[i].parent})
		}
	}
	for k, c := range children {
		if as[side[k]].code != u.Code {
			p.adopt(c, as[side[k]].code, false)
		}
	}
}

func (p *plan) transfer() {
	to := p.subject(p.r.To, "to")
	if to == nil {
		return
	}
	if len(p.r.Members) > 0 {
		p.transferMembers(to)
		return
	}
	units, ok := p.subjects(1, 1)
	if !ok || !p.receiver(to, units[0]) {
		return
	}
	u := units[0]
	for _, x := range []*Unit{u, to} {
		if kids := p.s.Children(x.Code, p.eve); len(kids) > 0 {
			f := p.refuse("children-left", "members", "%s 下有 %d 个单位，请按下级单位划转，或先调整下级界线。",
				"%s has %d units below: transfer whole units, or move the borders of those first.", x.title(), len(kids))
			f.Object = x.title()
			return
		}
	}
	parts, ok := p.cutByLine(u)
	if !ok {
		return
	}
	// The part that goes is the one that borders on the receiver, the left one when both or none do.
	goes := 0
	if touching(parts[1], p.geom(to)) && !touching(parts[0], p.geom(to)) {
		goes = 1
	}
	if !touching(parts[goes], p.geom(to)) && !p.r.Enclave {
		p.refuse("not-touching", "enclave", "划出部分与 %s 不相邻；如确为飞地，请勾选“允许飞地”。",
			"The part does not touch %s; if an enclave is meant, allow enclaves.", to.title())
		return
	}
	grown, err := topo.Union([]orb.MultiPolygon{p.geom(to), parts[goes]})
	if err != nil {
		p.broken("line", err)
		return
	}
	var gone, stays *float64
	if s := p.r.PopulationShares; len(s) == 1 {
		rest := 1 - s[0]
		gone, stays = &s[0], &rest
	}
	p.end(u)
	p.end(to)
	p.begin(*u, parts[1-goes], true, p.part(u, parts[1-goes], stays))
	p.begin(*to, grown, true, p.whole(to), p.part(u, parts[goes], gone))
	if u.Parent != to.Parent {
		p.moves = append(p.moves, move{parts[goes], u.Parent, to.Parent})
	}
}

func (p *plan) transferMembers(to *Unit) {
	members, donors, ok := p.members(nil)
	if !ok {
		return
	}
	for _, d := range donors {
		if !p.receiver(to, d) {
			return
		}
	}
	from := []share{p.whole(to)}
	geoms := []orb.MultiPolygon{p.geom(to)}
	for _, d := range donors {
		part, ok := p.give(d, members)
		if !ok {
			continue
		}
		geoms = append(geoms, part)
		from = append(from, p.part(d, part, nil))
		if d.Parent != to.Parent {
			p.moves = append(p.moves, move{part, d.Parent, to.Parent})
		}
	}
	if len(p.refusals) > 0 {
		return
	}
	if apart := firstApart(geoms); apart > 0 && !p.r.Enclave {
		p.refuse("not-touching", "enclave", "划出单位与 %s 不相邻；如确为飞地，请勾选“允许飞地”。",
			"What goes does not touch %s; if an enclave is meant, allow enclaves.", to.title())
		return
	}
	grown, err := topo.Union(geoms)
	if err != nil {
		p.broken("members", err)
		return
	}
	p.end(to)
	p.begin(*to, grown, true, from...)
	for _, m := range members {
		p.adopt(m, to.Code, false)
	}
}
