package index

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"yutu/geo/topo"
	"yutu/tiles"
)

// GDAL reads the same features with the same attributes, at the same places, as were written.
func TestGDALReadsTiles(t *testing.T) {
	ix := small()
	p := topo.World(orb.Point{119.16, 28.16})
	for _, z := range []uint8{7, 10, 12, 14} {
		c := tiles.Coord{Z: z, X: uint32(p.X) >> (topo.WorldBits - z), Y: uint32(p.Y) >> (topo.WorldBits - z)}
		b, err := ix.Tile(nil, c, 0)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		file := filepath.Join(dir, "tile.mvt")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := decode(b)
		if err != nil {
			t.Fatal(err)
		}
		for layer, l := range d {
			out := filepath.Join(dir, layer+".geojson")
			cmd := exec.Command("ogr2ogr", "-f", "GeoJSON", "-t_srs", "EPSG:4326", "-oo", "CLIP=NO",
				"-oo", fmt.Sprint("X=", c.X), "-oo", fmt.Sprint("Y=", c.Y), "-oo", fmt.Sprint("Z=", c.Z), out, file, layer)
			if msg, err := cmd.CombinedOutput(); err != nil || len(msg) > 0 {
				t.Fatalf("ogr2ogr (install gdal-bin): %v\n%s", err, msg)
			}
			var fc struct {
				Features []struct {
					Properties map[string]any
					Geometry   struct {
						Type        string
						Coordinates json.RawMessage
					}
				}
			}
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &fc); err != nil {
				t.Fatal(err)
			}
			if len(fc.Features) != len(l.features) {
				t.Fatalf("%v %s: GDAL reads %d features of %d", c, layer, len(fc.Features), len(l.features))
			}
			for i, f := range fc.Features {
				want := l.features[i]
				for k, v := range want.props {
					if got := f.Properties[k]; fmt.Sprint(got) != fmt.Sprint(v) {
						t.Errorf("%v %s %d: %s is %v, want %v", c, layer, i, k, got, v)
					}
				}
				if want.kind != 1 {
					continue
				}
				var at orb.Point
				if err := json.Unmarshal(f.Geometry.Coordinates, &at); err != nil {
					t.Fatal(err)
				}
				q := want.paths[0][0]
				s := uint(topo.MaxZoom - z)
				mine := topo.LonLat(topo.Point{X: (int32(c.X)<<12 + q.X) << s, Y: (int32(c.Y)<<12 + q.Y) << s})
				if dx, dy := at[0]-mine[0], at[1]-mine[1]; dx*dx+dy*dy > 1e-12 {
					t.Errorf("%v: GDAL sees the label at %v, written at %v", c, at, mine)
				}
			}
		}
	}
}

// Polygons are valid by the rules of OGC Simple Features, as another engine sees them.
func TestPolygonsAreValid(t *testing.T) {
	ix := small()
	checked, invalid := 0, 0
	for z := uint8(6); z <= 14; z++ {
		for _, c := range tilesOf(ix, z) {
			l := mustTile(t, ix, c, 0)["divisions"]
			if l == nil {
				continue
			}
			for _, f := range l.features {
				var polys []geom.Polygon
				var rings []geom.LineString
				for _, r := range f.paths {
					if area2(r) > 0 && len(rings) > 0 {
						polys, rings = append(polys, geom.NewPolygon(rings)), nil
					}
					var xy []float64
					for _, p := range append(r, r[0]) {
						xy = append(xy, float64(p.X), float64(p.Y))
					}
					rings = append(rings, geom.NewLineString(geom.NewSequence(xy, geom.DimXY)))
				}
				polys = append(polys, geom.NewPolygon(rings))
				checked++
				if err := geom.NewMultiPolygon(polys).Validate(); err != nil {
					invalid++
				}
			}
		}
	}
	// Rounding to the tile's grid can make two borders touch that are less than a unit apart.
	t.Logf("%d of %d polygons touch themselves", invalid, checked)
	if invalid*200 > checked {
		t.Errorf("%d of %d polygons are invalid", invalid, checked)
	}
}
