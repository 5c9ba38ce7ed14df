package topo

import (
	"math"
	"slices"
)

// beside works out, for every span of days, what the arc divides.
func (e *edit) beside(slot int32, a *Arc) {
	a.from, a.to = math.MaxInt32, math.MinInt32
	days := make([]int32, 0, 2*len(a.uses))
	for _, u := range a.uses {
		if s := e.m.areas.at(u.area); s.From < s.To {
			a.from, a.to = min(a.from, s.From), max(a.to, s.To)
			days = append(days, s.From, s.To)
		}
	}
	slices.Sort(days)
	days = slices.Compact(days)
	var sides []Side
	for i := 1; i < len(days); i++ {
		s, ok := e.between(a, days[i-1])
		if !ok {
			continue
		}
		s.From, s.To = days[i-1], days[i]
		if n := len(sides); n > 0 {
			if p := &sides[n-1]; p.To == s.From && p.Rank == s.Rank && p.Left == s.Left && p.Right == s.Right {
				p.To = s.To
				continue
			}
		}
		sides = append(sides, s)
	}
	a.later = nil
	first := Side{}
	if len(sides) > 0 {
		first, a.later = sides[0], slices.Clip(sides[1:])
	}
	e.m.sides.set(slot, first)
}

// between finds the highest rank whose areas differ beside the arc on the day.
func (e *edit) between(a *Arc, day int32) (Side, bool) {
	var beside [MaxRank + 1][2]*Area
	for _, u := range a.uses {
		s := e.m.areas.at(u.area)
		if !s.At(day) {
			continue
		}
		// A ring has its area on the right.
		side := 1
		if u.reversed {
			side = 0
		}
		if p := &beside[s.Rank][side]; *p == nil || s.ID < (*p).ID {
			*p = s
		}
	}
	for rank := range beside {
		l, r := beside[rank][0], beside[rank][1]
		if l == r {
			continue
		}
		out := Side{Rank: uint8(rank)}
		if l != nil {
			out.Left = l.Tag
		}
		if r != nil {
			out.Right = r.Tag
		}
		return out, true
	}
	return Side{}, false
}
