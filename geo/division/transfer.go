package division

import (
	"github.com/paulmach/orb"

	"yutu/geo/topo"
)

// transfer gives a part of a unit, drawn or of whole units below, to another.
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
