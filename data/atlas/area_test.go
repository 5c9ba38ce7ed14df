package atlas

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
	"yutu/geo/geodesy"
	"yutu/geo/geojson"
)

// Areas and perimeters of what the atlas holds against PostGIS' geography, from hamlets of 10 ha to provinces, with holes and exclaves: 1e-9
// relative. Both programs add up the areas between each edge and the equator, whose rounding leaves some square centimetres: below 0.5 km²,
// smaller than any village, that is more than 1e-9 and 5 cm² are allowed.
func TestAreasAndPerimetersAgreeWithPostGIS(t *testing.T) {
	const seed, shapes = 20261126, 600
	t.Logf("seed %d", seed)
	_, conn := stored(t, nil)
	r := rand.New(rand.NewPCG(seed, 1))
	ring := func(centre orb.Point, radiusDeg float64, n int) orb.Ring {
		var out orb.Ring
		for i := range n {
			s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			d := radiusDeg * (0.7 + 0.3*r.Float64())
			out = append(out, crs.Snap(orb.Point{centre[0] + d*c, centre[1] + d*s}))
		}
		return append(out, out[0])
	}
	var worst, worstRound float64
	for i := range shapes {
		centre := orb.Point{78 + 52*r.Float64(), 8 + 40*r.Float64()}
		radius := math.Pow(10, -2.6+3.2*r.Float64()) // 280 m to 4°
		mp := orb.MultiPolygon{{ring(centre, radius, 3+r.IntN(400))}}
		if i%3 == 0 {
			mp[0] = append(mp[0], ring(centre, radius*0.3, 3+r.IntN(50)))
			mp = append(mp, orb.Polygon{ring(orb.Point{centre[0] + 2.5*radius, centre[1]}, radius, 3+r.IntN(60))})
		}
		json := string(geojson.AppendGeometry(nil, mp))
		area := column[float64](t, conn, "SELECT ST_Area(ST_SetSRID(ST_GeomFromGeoJSON($1), 4490)::geography)", json)[0]
		round := column[float64](t, conn, "SELECT ST_Perimeter(ST_SetSRID(ST_GeomFromGeoJSON($1), 4490)::geography)", json)[0]
		off, offRound := math.Abs(geodesy.AreaM2(mp)/area-1), math.Abs(geodesy.PerimeterM(mp)/round-1)
		allowed := 1e-9
		if area < 5e5 {
			allowed = 5e-4 / area
		} else {
			worst = max(worst, off)
		}
		worstRound = max(worstRound, offRound)
		if off > allowed || offRound > 1e-9 {
			t.Errorf("%d at %v: %v m² and %v m, PostGIS %v m² and %v m", i, centre, geodesy.AreaM2(mp), geodesy.PerimeterM(mp), area, round)
		}
	}
	t.Logf("worst of %d: %.2g of the area (above 0.5 km²), %.2g of the perimeter", shapes, worst, worstRound)
}
