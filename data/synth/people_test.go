package synth

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"yutu/data/seed"
	"yutu/geo/division"
	"yutu/geo/geodesy"
)

func TestPopulationMeetsTheCountyToThePersonAtEveryDate(t *testing.T) {
	c := county1(t)
	s, _ := seed.Demo()
	for _, at := range []division.Date{s.County.TownshipChange - 1, s.County.TownshipChange, s.County.VillageChange} {
		total, old, villages := 0, 0, map[division.Code]int{}
		for _, p := range c.Population {
			if !p.Valid.Contains(at) {
				continue
			}
			total += p.People
			villages[p.Village] += p.People
			if p.Age >= 60 {
				old += p.People
			}
		}
		if total != s.County.Population || total != 177100 {
			t.Errorf("%d people on %s", total, at)
		}
		// 27.00 % of 177,100, to the rounding of 12 cells.
		if old < 47817-12 || old > 47817+12 {
			t.Errorf("%d people of 60 and over", old)
		}
		if len(villages) != len(c.inForce(division.Village, at)) {
			t.Errorf("%d villages have people on %s", len(villages), at)
		}
		for v, n := range villages {
			if n < 30 || n > 20000 {
				t.Errorf("%s has %d people", v, n)
			}
		}
	}
}

// Each unit's area and people go over as a whole, and arrive.
func TestLineageIsACompleteCrosswalk(t *testing.T) {
	c := county1(t)
	s, _ := seed.Demo()
	people := func(code division.Code, at division.Date) (n int) {
		for _, p := range c.Population {
			if p.Valid.Contains(at) && p.Village.Within(code) {
				n += p.People
			}
		}
		return n
	}
	for _, date := range []division.Date{s.County.TownshipChange, s.County.VillageChange} {
		for _, level := range []division.Level{division.Township, division.Village} {
			if level == division.Township && date == s.County.VillageChange {
				continue // nothing changed
			}
			area, arrived, passed, shares := map[division.Code]float64{}, map[division.Code]float64{}, map[division.Code]int{}, map[division.Code]float64{}
			var olds, news []division.Code
			for _, u := range c.inForce(level, date-1) {
				area[u.Code] = geodesy.AreaM2(u.Geom)
				olds = append(olds, u.Code)
			}
			for _, x := range c.Lineage {
				if x.Date != date || x.Level != level {
					continue
				}
				if a := area[x.Old]; x.AreaM2 < a*(1-1e-9) || x.AreaM2 > a*(1+1e-9) {
					t.Errorf("%s passes %f m² of %f", x.Old, x.AreaM2, a)
				}
				shares[x.Old] += x.AreaShare
				arrived[x.New] += x.AreaM2
				passed[x.New] += x.PeoplePassed
			}
			for _, u := range olds {
				if shares[u] != 1 {
					t.Errorf("%s passes on %v of its area on %s", u, shares[u], date)
				}
			}
			for _, u := range c.inForce(level, date) {
				news = append(news, u.Code)
				if a := geodesy.AreaM2(u.Geom); arrived[u.Code] < a-1 || arrived[u.Code] > a+1 {
					t.Errorf("%s has %f m², its parts %f", u.Code, a, arrived[u.Code])
				}
				if n := people(u.Code, date); passed[u.Code] != n {
					t.Errorf("%s has %d people, its parts %d", u.Code, n, passed[u.Code])
				}
			}
			if len(olds) != len(shares) || len(news) != len(arrived) {
				t.Errorf("%d of %d old and %d of %d new units are in the lineage", len(shares), len(olds), len(arrived), len(news))
			}
		}
	}
}

// Names and codes that the county really had and has: two kept the name under a new code.
func TestTheTownshipsChangedAsOnRecord(t *testing.T) {
	c := county1(t)
	into := map[division.Code]Succession{}
	for _, x := range c.Lineage {
		if x.Level == division.Township {
			into[x.Old] = x
		}
	}
	for _, want := range []struct {
		old, now division.Code
		event    Event
		name     string
	}{
		{"330727100000", "330727001000", Recode, "安文街道"},
		{"330727101000", "330727002000", Merge, "新渥街道"},
		{"330727200000", "330727002000", Merge, "新渥街道"},
		{"330727102000", "330727109000", Merge, "尖山镇"},
		{"330727206000", "330727212000", Merge, "盘峰乡"},
		{"330727106000", "330727106000", Enlarge, "玉山镇"},
		{"330727104000", "330727104000", Unchanged, "大盘镇"},
	} {
		if x := into[want.old]; x.New != want.now || x.Event != want.event || x.NewName != want.name {
			t.Errorf("%s: %+v", want.old, x)
		}
	}
}

func TestApportion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1e6), 1, 40).Draw(t, "weights")
		total := rapid.IntRange(0, 1e6).Draw(t, "total")
		sum, all := 0, int64(0)
		for _, w := range weights {
			all += w
		}
		for i, n := range apportion(total, weights) {
			sum += n
			if exact := float64(total) * float64(weights[i]) / float64(max(all, 1)); float64(n) < exact-1 || float64(n) > exact+1 {
				t.Fatalf("%d for %v of %d", n, exact, total)
			}
		}
		if all > 0 && sum != total {
			t.Fatalf("%d of %d were given", sum, total)
		}
	})
	if !slices.Equal(apportion(5, []int64{0, 0}), []int{0, 0}) {
		t.Error("nothing can be divided by no weights")
	}
}

func TestRoadsReachEveryVillage(t *testing.T) {
	c := county1(t)
	near := map[int][]int{}
	for _, e := range c.Roads.Edges {
		near[e.From] = append(near[e.From], e.To)
		near[e.To] = append(near[e.To], e.From)
		from, to := c.Roads.Nodes[e.From-1], c.Roads.Nodes[e.To-1]
		if e.Line[0] != from.At || e.Line[len(e.Line)-1] != to.At || from.ID != e.From || to.ID != e.To {
			t.Fatalf("edge %d does not run from its first node to its second", e.ID)
		}
		if e.LengthM <= 0 || e.LengthM < geodesy.DistanceM(from.At, to.At)-0.001 || e.Class == "" {
			t.Errorf("edge %d is %f m long", e.ID, e.LengthM)
		}
	}
	seen := map[int]bool{1: true}
	for queue := []int{1}; len(queue) > 0; queue = queue[1:] {
		for _, n := range near[queue[0]] {
			if !seen[n] {
				seen[n] = true
				queue = append(queue, n)
			}
		}
	}
	at := map[division.Code]int{}
	for _, n := range c.Roads.Nodes {
		if !seen[n.ID] {
			t.Errorf("node %d cannot be reached", n.ID)
		}
		if n.Village != "" {
			at[n.Village]++
		}
	}
	for _, u := range c.inForce(division.Village, 20000) {
		if at[u.Code] != 1 {
			t.Errorf("%s has %d nodes", u.Name, at[u.Code])
		}
	}
	// One more edge than a tree needs is a loop: detours exist.
	if len(c.Roads.Edges) < len(c.Roads.Nodes) {
		t.Error("the net is a mere tree")
	}
}

func TestWaterRunsDownhillAndReachesFollow(t *testing.T) {
	c := county1(t)
	if len(c.Rivers) < 50 || len(c.Ridges) < 30 {
		t.Errorf("%d rivers, %d ridges", len(c.Rivers), len(c.Ridges))
	}
	for _, r := range c.Rivers {
		if r.SourceAlt < r.MouthAlt || len(r.Line) < 3 || r.Name == "" || r.Order < 1 || r.CatchKM2 < 0.99*riverKM2 {
			t.Errorf("%+v", r)
		}
		if r.Next > 0 {
			n := c.Rivers[r.Next-1]
			if n.ID != r.Next || n.Line[0] != r.Line[len(r.Line)-1] || n.CatchKM2 < r.CatchKM2 || n.Order < r.Order {
				t.Errorf("reach %d does not flow into %d", r.ID, r.Next)
			}
		}
	}
}

// Borders are to follow ridges and rivers: a fifth of the townships' borders at least does, vertex for
// vertex, with those ridges and rivers that are long enough to be drawn.
func TestBordersFollowTheGround(t *testing.T) {
	c := county1(t)
	ground := map[[2]float64]bool{}
	for _, r := range c.Rivers {
		for _, p := range r.Line {
			ground[p] = true
		}
	}
	for _, r := range c.Ridges {
		for _, p := range r.Line {
			ground[p] = true
		}
	}
	on, all := 0, 0
	for _, u := range c.inForce(division.Township, 20000) {
		for _, p := range u.Geom[0][0] {
			all++
			if ground[p] {
				on++
			}
		}
	}
	t.Logf("%d of %d vertices of township borders lie on a river or ridge", on, all)
	if on*5 < all {
		t.Errorf("only %d of %d vertices of township borders lie on a river or ridge", on, all)
	}
}
