package main

import (
	"context"
	"maps"
	"sync"

	"github.com/paulmach/orb"

	"yutu/data/atlas"
	"yutu/data/exchange"
	"yutu/geo/division"
)

// knownUnits is what an import may build on: the units in force on one day. Made-up units give way to real ones as
// soon as those arrive, so that real data are never checked against them.
type knownUnits struct {
	units  map[division.Code]knownUnit
	has    [6]bool
	border func(orb.Point) (float64, bool)
	// failed is why borders could not be read, if they were asked for and could not.
	failed error
}

type knownUnit struct {
	name  string
	level division.Level
}

// loadKnown reads the units in force on the day: the real ones and, apart from them, the synthetic ones.
func loadKnown(ctx context.Context, db *database, day division.Date) (genuine, synthetic *knownUnits, err error) {
	genuine, synthetic = newKnownUnits(), newKnownUnits()
	_, err = db.EachDivision(ctx, func(u division.Unit) error {
		switch {
		case !u.Valid.Contains(day):
		case u.Synthetic:
			synthetic.add(&u)
		default:
			genuine.add(&u)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if len(genuine.units) > 0 {
		// Borders are asked for only where positions look suspicious at all.
		known := sync.OnceValue(func() *atlas.Known {
			s, err := atlas.Load(ctx, db.Store)
			if err != nil {
				genuine.failed = err
				return nil
			}
			return s.Known(day)
		})
		genuine.border = func(p orb.Point) (float64, bool) {
			if k := known(); k != nil {
				return k.BorderDistanceM(p)
			}
			return 0, false
		}
	}
	return genuine, synthetic, nil
}

var _ exchange.Known = (*knownUnits)(nil)

func newKnownUnits() *knownUnits {
	return &knownUnits{
		units:  map[division.Code]knownUnit{},
		border: func(orb.Point) (float64, bool) { return 0, false },
	}
}

func (k *knownUnits) add(u *division.Unit) {
	k.units[u.Code] = knownUnit{u.Name, u.Level}
	if int(u.Level) < len(k.has) {
		k.has[u.Level] = true
	}
}

func (k *knownUnits) clone() *knownUnits {
	c := *k
	c.units = maps.Clone(k.units)
	return &c
}

// UnitAt returns the unit that bears the code.
func (k *knownUnits) UnitAt(code division.Code) (string, division.Level, bool) {
	u, ok := k.units[code]
	return u.name, u.level, ok
}

// HasLevel reports whether any unit of the level is known.
func (k *knownUnits) HasLevel(l division.Level) bool { return int(l) < len(k.has) && k.has[l] }

// BorderDistanceM is the distance in metres to the nearest border of real units.
func (k *knownUnits) BorderDistanceM(p orb.Point) (float64, bool) { return k.border(p) }
