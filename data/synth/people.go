package synth

import (
	"cmp"
	"slices"

	"yutu/geo/division"
)

// people is how many live in a village.
func (h hamlet) people() int {
	sum := 0
	for _, n := range h.ages {
		sum += n
	}
	return sum
}

// settlePeople spreads the county's population over the villages as they were before the mergers: the wider the valley floor
// the more people, in towns far more, and the older the further from the county's seat. The county's totals by sex and age are
// met to the person. Nobody moves: every later version has the people of its parts.
func (c *county) settlePeople() error {
	bands := c.tables.Ages
	shares := make([]int64, 2*len(bands)) // male and female of each band
	for i, b := range bands {
		shares[2*i], shares[2*i+1] = int64(b.MalePermyriad), int64(b.FemalePermyriad)
	}
	totals := apportion(c.tables.County.Population, shares)

	_, above := c.t.basins(1.2)
	floor := make([]int64, len(c.hamlets)) // cells on the valley floor, at most 40 m above the stream
	for cell, l := range c.village {
		if l != none && above[2*cell] < 400 {
			floor[l]++
		}
	}
	r := newRNG(c.Seed, 80)
	weight := make([]int64, len(c.hamlets))
	remote := make([]int64, len(c.hamlets)) // 0 in the county's seat, 100 at the far end
	seat := c.countySeat()
	far := int64(1)
	for i := range c.hamlets {
		far = max(far, c.m.dist2(c.hamlets[i].seat, seat))
	}
	for i, h := range c.hamlets {
		weight[i] = (8 + floor[i]) * int64(60+r.intn(90))
		remote[i] = 100 * c.m.dist2(h.seat, seat) / far
		if h.community {
			// A town: the more people the nearer to the county's seat.
			weight[i] = weight[i] * (900 - 6*remote[i]) / 100
			remote[i] /= 4
		}
		c.hamlets[i].ages = make([]int, len(shares))
	}
	for k := range shares {
		w := make([]int64, len(c.hamlets))
		for i := range w {
			switch age := bands[k/2].Age; {
			case age >= 60:
				w[i] = weight[i] * (80 + remote[i])
			case age >= 20 && age < 45:
				w[i] = weight[i] * (140 - remote[i]*6/10)
			default:
				w[i] = weight[i] * (120 - remote[i]*4/10)
			}
		}
		for i, n := range apportion(totals[k], w) {
			c.hamlets[i].ages[k] = n
		}
	}
	c.writePopulation()
	return nil
}

// writePopulation writes the people of every version of every village.
func (c *county) writePopulation() {
	type key struct {
		code division.Code
		from division.Date
	}
	ages := map[key][]int{}
	for _, h := range c.hamlets {
		ages[key{h.first, division.Past}] = h.ages
		if h.first != h.second {
			ages[key{h.second, c.tables.County.TownshipChange}] = h.ages
		}
		v := c.villages[h.into]
		if len(v.members) == 1 {
			continue
		}
		k := key{v.code, c.tables.County.VillageChange}
		if ages[k] == nil {
			ages[k] = make([]int, len(h.ages))
		}
		for i, n := range h.ages {
			ages[k][i] += n
		}
	}
	for _, u := range c.Units {
		if u.Level != division.Village {
			continue
		}
		for i, n := range ages[key{u.Code, u.Valid.From}] {
			c.Population = append(c.Population, PopulationCell{
				Village: u.Code, Valid: u.Valid, Sex: Sex(1 + i%2), Age: c.tables.Ages[i/2].Age, People: n,
			})
		}
	}
}

// apportion divides total in proportion to the weights into whole numbers that add up to it (largest remainders; of equal ones
// the first). All weights zero, or none, divide nothing.
func apportion(total int, weights []int64) []int {
	out := make([]int, len(weights))
	sum := int64(0)
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return out
	}
	rest := make([]int64, len(weights))
	order := make([]int, len(weights))
	left := total
	for i, w := range weights {
		out[i] = int(int64(total) * w / sum)
		rest[i] = int64(total) * w % sum
		order[i] = i
		left -= out[i]
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(-cmp.Compare(rest[a], rest[b]), cmp.Compare(a, b)) })
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}
