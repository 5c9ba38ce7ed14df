package synth

import (
	"cmp"
	"fmt"
	"slices"

	"yutu/data/seed"
	"yutu/geo/division"
)

// hamlet is a village or residents' committee as it was before the mergers.
type hamlet struct {
	old       int // index of its township before the change
	community bool
	seat      int32 // cell
	cells     int
	name      string
	first     division.Code // under the old township
	second    division.Code // under today's township, before the village mergers
	into      int           // index of the village of today
	ages      []int         // people by band and sex, male first
}

// village is a village or residents' committee of today.
type village struct {
	township int   // index of today's township
	members  []int // hamlets, the one that gave the seat first
	name     string
	code     division.Code
	renamed  bool // bears a new name and code, not the first member's
}

// today is the index of the township that an old township is part of now.
func (c *county) today(old int) int {
	code := c.oldTownships[old].Code
	if into := c.oldTownships[old].Into; into != "" {
		code = into
	}
	return slices.IndexFunc(c.townships, func(t seed.Township) bool { return t.Code == code })
}

// mergeVillages joins small villages with their neighbours in the same township until there are as many as today.
func (c *county) mergeVillages() error {
	shared := c.sharedBorders()
	r := newRNG(c.Seed, 60)
	group := make([]int, len(c.hamlets)) // the group of each hamlet, by its first member
	size := make([]int, len(c.hamlets))
	members := make([]int, len(c.hamlets))
	for i, h := range c.hamlets {
		group[i], size[i], members[i] = i, h.cells, 1
		size[i] += h.cells * r.intn(60) / 100 // some small ones are left alone
	}
	for k, t := range c.townships {
		count := 0
		for _, h := range c.hamlets {
			if c.today(h.old) == k && !h.community {
				count++
			}
		}
		for most := 4; count > t.Villages; {
			a, b := c.bestMerger(k, shared, group, size, members, most)
			if a < 0 {
				if most++; most > 12 {
					return fmt.Errorf("the villages of %s cannot be merged down to %d", t.Name, t.Villages)
				}
				continue
			}
			for i := range group {
				if group[i] == b {
					group[i] = a
				}
			}
			size[a] += size[b]
			members[a] += members[b]
			count--
		}
	}
	for i := range c.hamlets {
		if group[i] != i {
			continue
		}
		v := village{township: c.today(c.hamlets[i].old)}
		for j := range c.hamlets {
			if group[j] == i {
				v.members = append(v.members, j)
			}
		}
		slices.SortFunc(v.members, func(a, b int) int {
			return cmp.Or(cmp.Compare(c.hamlets[b].cells, c.hamlets[a].cells), cmp.Compare(a, b))
		})
		for _, j := range v.members {
			c.hamlets[j].into = len(c.villages)
		}
		c.villages = append(c.villages, v)
	}
	return nil
}

// border is how many edges of the mesh two hamlets share.
type border struct{ a, b, edges int }

func (c *county) sharedBorders() []border {
	count := map[[2]int]int{}
	for cell, l := range c.village {
		if l == none {
			continue
		}
		for dir := range 3 {
			if n := c.village[c.m.nb(int32(cell), dir)]; n != none && n != l {
				count[[2]int{int(min(l, n)), int(max(l, n))}]++
			}
		}
	}
	var out []border
	for k, n := range count {
		out = append(out, border{k[0], k[1], n})
	}
	slices.SortFunc(out, func(x, y border) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return out
}

// bestMerger finds, in one township, the two neighbouring groups of villages whose union stays smallest and most compact;
// −1 when there are none of which the union has at most the given number of members.
func (c *county) bestMerger(township int, shared []border, group, size, members []int, most int) (a, b int) {
	edges := map[[2]int]int{}
	var keys [][2]int
	for _, s := range shared {
		ga, gb := group[s.a], group[s.b]
		if ga == gb || c.hamlets[s.a].community || c.hamlets[s.b].community ||
			c.today(c.hamlets[s.a].old) != township || c.today(c.hamlets[s.b].old) != township {
			continue
		}
		k := [2]int{min(ga, gb), max(ga, gb)}
		if edges[k] == 0 {
			keys = append(keys, k)
		}
		edges[k] += s.edges
	}
	a, b = -1, -1
	best := 0
	for _, k := range keys {
		if members[k[0]]+members[k[1]] > most || edges[k] < 3 {
			continue
		}
		if score := (size[k[0]] + size[k[1]]) * 100 / (20 + min(edges[k], 30)); a < 0 || score < best {
			a, b, best = k[0], k[1], score
		}
	}
	return a, b
}

// namer makes names that are unique in its scope.
type namer struct {
	r     *rng
	parts map[string][]string
	used  map[string]bool
}

func newNamer(r *rng, parts map[string][]string) *namer { return &namer{r, parts, map[string]bool{}} }

// one tries the forms from the first on until a name is new; forms are lists of the parts to join.
func (n *namer) one(generic string, forms ...[]string) string {
	for try := 0; ; try++ {
		name := ""
		for _, part := range forms[min(try/40, len(forms)-1)] {
			name += pick(n.r, n.parts[part])
		}
		name += generic
		if !n.used[name] && !doubled(name) {
			n.used[name] = true
			return name
		}
	}
}

// doubled reports a character that follows itself.
func doubled(name string) bool {
	last := rune(0)
	for _, c := range name {
		if c == last {
			return true
		}
		last = c
	}
	return false
}

func (n *namer) village(generic string) string {
	short, long := []string{"stem", "tail"}, []string{"prefix", "stem", "tail"}
	if n.r.intn(5) == 0 {
		return n.one(generic, long)
	}
	return n.one(generic, short, long)
}

func (n *namer) community(generic string) string {
	return n.one(generic, []string{"stem", "community"}, []string{"community", "stem"}, []string{"prefix", "stem", "community"})
}

// codeRange is the range of serial numbers of a type of unit.
func codeRange(t *seed.Tables, kind string) seed.CodeRange {
	for _, r := range t.Codes {
		if r.Type == kind {
			return r
		}
	}
	return seed.CodeRange{}
}

const (
	villageCommittee   = "村民委员会"
	residentsCommittee = "居民委员会"
)

func kindOf(community bool) string {
	if community {
		return residentsCommittee
	}
	return villageCommittee
}

// numbering hands out the serial numbers of a township.
type numbering struct {
	tables *seed.Tables
	next   map[string]int
}

func (n *numbering) code(township division.Code, community bool) division.Code {
	kind := kindOf(community)
	key := string(township) + kind
	if _, ok := n.next[key]; !ok {
		n.next[key] = codeRange(n.tables, kind).From
	}
	serial := n.next[key]
	n.next[key]++
	return township[:9] + division.Code(fmt.Sprintf("%03d", serial))
}

// nameVillages gives names and codes, in the order of the seats from north to south as a clerk would, first to the villages
// before the changes and then to what became of them. A number that was in use is not used again for another unit.
func (c *county) nameVillages() error {
	names := newNamer(newRNG(c.Seed, 61), c.tables.Names)
	village, community := codeRange(c.tables, villageCommittee), codeRange(c.tables, residentsCommittee)
	numbers := &numbering{c.tables, map[string]int{}}
	order := make([]int, len(c.hamlets))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.hamlets[a].old, c.hamlets[b].old), -cmp.Compare(c.hamlets[a].seat, c.hamlets[b].seat))
	})
	for _, i := range order {
		h := &c.hamlets[i]
		if h.community {
			h.name = names.community(community.Generic)
		} else {
			h.name = names.village(village.Generic)
		}
		h.first = numbers.code(c.oldTownships[h.old].Code, h.community)
	}
	for _, i := range order {
		h := &c.hamlets[i]
		if h.second = h.first; c.oldTownships[h.old].Into != "" {
			h.second = numbers.code(c.oldTownships[h.old].Into, h.community)
		}
	}
	r := newRNG(c.Seed, 62)
	for _, i := range order {
		v := &c.villages[c.hamlets[i].into]
		if v.members[0] != i {
			continue
		}
		v.name, v.code = c.hamlets[i].name, c.hamlets[i].second
		if len(v.members) > 1 && r.intn(100) < 40 {
			v.renamed = true
			v.name = names.village(village.Generic)
			v.code = numbers.code(c.townships[v.township].Code, false)
		}
	}
	return nil
}
