package exchange

import (
	"math"
	"runtime"
	"sync"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/topo"
	"yutu/geo/topo/valid"
)

// examined is what can be said of a geometry by itself, if its coordinates are degrees as they stand.
type examined struct {
	violations []valid.Violation
	within     orb.Point // a point inside, zero where the geometry is no area
}

func examine(mp orb.MultiPolygon) examined {
	e := examined{violations: valid.Check(mp)}
	for _, v := range e.violations {
		if violation(v).Severity == geo.Error {
			return e
		}
	}
	e.within = topo.InteriorPoint(mp)
	return e
}

// early examines geometries while the file is still being read, on the processors that reading leaves idle. It changes
// nothing in them, and what it finds counts only if the file turns out to be in degrees. It takes no more than it can
// do at once; the rest is examined when its turn comes.
type early struct {
	jobs chan job
	wg   sync.WaitGroup
}

type job struct {
	geom orb.MultiPolygon
	to   *examined
}

func newEarly() *early {
	e := &early{jobs: make(chan job, 256)}
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		e.wg.Go(func() {
			for j := range e.jobs {
				*j.to = examine(j.geom)
			}
		})
	}
	return e
}

// take returns where the result will stand when finish has returned, or nil.
func (e *early) take(mp orb.MultiPolygon) *examined {
	if len(mp) == 0 || len(mp[0]) == 0 || len(mp[0][0]) == 0 || vertices(mp) > maxVertices {
		return nil
	}
	if p := mp[0][0][0]; !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return nil
	}
	to := new(examined)
	select {
	case e.jobs <- job{mp, to}:
		return to
	default:
		return nil
	}
}

func (e *early) finish() {
	close(e.jobs)
	e.wg.Wait()
}
