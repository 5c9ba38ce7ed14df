package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms is the plan of the house: every package, what it may import of the house, and why it is there.
// A package ending in /… stands for itself and everything below.
var rooms = []struct {
	pkg, why string
	may      []string
}{
	{"geo", "the finding, which every check returns", nil},
	{"geo/crs", "datums and projections", []string{"geo"}},
	{"geo/geodesy", "lengths and areas on the ellipsoid", []string{"geo/crs"}},
	{"geo/geojson", "RFC 7946", nil},
	{"geo/topo/exact", "the side of a line, without rounding", nil},
	{"geo/topo/valid", "validity of rings", []string{"geo/crs", "geo/topo/exact"}},
	{"geo/topo", "shared borders; geodesy for the distances that it reports", []string{"geo", "geo/crs", "geo/geodesy", "geo/topo/exact", "geo/topo/valid"}},
	{"geo/division", "units in time", []string{"geo", "geo/crs", "geo/geodesy", "geo/geojson", "geo/topo", "geo/topo/…"}},
	{"geo/division/crosswalk", "a table of old units as one of new units", []string{"geo", "geo/division"}},
	{"tiles", "what a map asks for", nil},
	{"tiles/mvt", "bytes of a vector tile", []string{"tiles"}},
	{"tiles/index", "tiles from shared arcs; geometry, not the county", []string{"tiles", "tiles/mvt", "geo/crs", "geo/geojson", "geo/topo"}},
	{"migrations", "the schema", nil},
	{"data/cluster", "a private PostgreSQL", []string{"geo"}},
	{"data/seed", "codes and rules as data", []string{"geo", "geo/division"}},
	{"data/pg", "the only SQL", []string{"migrations", "geo/…"}},
	{"data/pgtest", "a fresh database per test", []string{"data/pg", "data/cluster", "migrations"}},
	{"data/exchange/internal/inside", "which ring lies in which", nil},
	{"data/exchange/internal/tally", "a bounded list of findings", []string{"geo"}},
	{"data/exchange/shp", "Shapefile", []string{"geo/…", "data/exchange/internal/…"}},
	{"data/exchange/gpkg", "GeoPackage", []string{"geo/…", "data/exchange/internal/…"}},
	{"data/exchange", "files in and out", []string{"geo/…", "data/exchange/…", "data/seed"}},
	{"data/synth", "a synthetic county with its truth", []string{"geo/…", "data/seed"}},
	{"data/atlas", "the county in memory", []string{"geo/…", "tiles/…", "tiles", "data/pg"}},
	{"cmd/yutu/web", "the web app", nil},
	{"cmd/yutu/api", "HTTP", []string{"geo/…", "tiles", "tiles/…", "data/…", "cmd/yutu/web"}},
	{"cmd/yutu", "the program, which knows everybody", []string{"…"}},
}

// forbidden are the doors to the outside that stay shut in a room: package prefix → why.
var forbidden = []struct{ room, outside, why string }{
	{"geo", "net/http", "geo knows no HTTP"},
	{"geo", "database/sql", "geo knows no SQL"},
	{"geo", "github.com/jackc/pgx", "geo knows no SQL"},
	{"geo", "os", "geo knows no files: readers come as io.Reader"},
	{"gazetteer", "net/http", "the gazetteer knows no HTTP"},
	{"gazetteer", "github.com/jackc/pgx", "the gazetteer knows no SQL"},
	{"tiles", "net/http", "tiles are bytes, not answers"},
	{"tiles", "github.com/jackc/pgx", "a tile costs no SQL"},
	{"data/atlas", "github.com/jackc/pgx", "only data/pg writes SQL"},
	{"data/exchange", "github.com/jackc/pgx", "only data/pg writes SQL"},
	{"data/synth", "github.com/jackc/pgx", "only data/pg writes SQL"},
	{"cmd/yutu", "github.com/jackc/pgx", "only data/pg writes SQL"},
	{"", "github.com/paulmach/orb/geo", "spherical: 0.4 % wrong here; use geo/geodesy"},
	{"", "github.com/paulmach/orb/encoding/mvt", "writes tiles that QGIS does not draw; use tiles/mvt"},
	{"", "github.com/paulmach/orb/geojson", "brings a BSON driver; use geo/geojson"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsFollowThePlanOfTheHouse(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "yutu/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room := strings.TrimPrefix(p.ImportPath, "yutu/")
		i := slices.IndexFunc(rooms, func(r struct {
			pkg, why string
			may      []string
		}) bool {
			return r.pkg == room
		})
		if i < 0 {
			t.Errorf("%s stands in no room: give it one in the table or move it", room)
			continue
		}
		seen[room] = true
		for _, imp := range p.Imports {
			if inner, ok := strings.CutPrefix(imp, "yutu/"); ok {
				if !slices.ContainsFunc(rooms[i].may, func(m string) bool { return matches(m, inner) }) {
					t.Errorf("%s (%s) imports %s, which its room does not allow", room, rooms[i].why, inner)
				}
				continue
			}
			for _, f := range forbidden {
				if within(room, f.room) && (imp == f.outside || strings.HasPrefix(imp, f.outside+"/") && f.outside != "os") {
					t.Errorf("%s imports %s: %s", room, imp, f.why)
				}
			}
		}
	}
	for _, r := range rooms {
		if !seen[r.pkg] {
			t.Errorf("the room %s is empty: take it out of the table", r.pkg)
		}
	}
}

func within(pkg, room string) bool {
	return room == "" || pkg == room || strings.HasPrefix(pkg, room+"/")
}

func matches(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "…"); ok {
		return strings.HasPrefix(pkg+"/", below)
	}
	return pattern == pkg
}

func TestThePatternsOfThePlan(t *testing.T) {
	for _, c := range []struct {
		pattern, pkg string
		want         bool
	}{
		{"geo", "geo", true}, {"geo", "geo/crs", false}, {"geo/…", "geo/crs", true}, {"geo/…", "geo", true},
		{"geo/…", "geodesy", false}, {"…", "data/pg", true},
	} {
		if got := matches(c.pattern, c.pkg); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.pattern, c.pkg, got)
		}
	}
}
