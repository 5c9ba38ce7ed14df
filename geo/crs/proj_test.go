package crs

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// cs2cs converts many points in one process, both sides x first.
func cs2cs(t testing.TB, from, to, format string, pts [][2]float64) [][2]float64 {
	t.Helper()
	swap := func(s string) string {
		c, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return map[bool]string{true: "swap"}[c.LatFirst()]
	}
	var in strings.Builder
	for _, p := range pts {
		if swap(from) != "" {
			p[0], p[1] = p[1], p[0]
		}
		fmt.Fprintf(&in, "%.14f %.14f\n", p[0], p[1])
	}
	cmd := exec.Command("cs2cs", "-f", format, from, to)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cs2cs (Debian package proj-bin) %s %s: %v", from, to, err)
	}
	var got [][2]float64
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		f := strings.Fields(sc.Text())
		a, errA := strconv.ParseFloat(f[0], 64)
		b, errB := strconv.ParseFloat(f[1], 64)
		if errA != nil || errB != nil {
			t.Fatalf("cs2cs wrote %q", sc.Text())
		}
		if swap(to) != "" {
			a, b = b, a
		}
		got = append(got, [2]float64{a, b})
	}
	if len(got) != len(pts) {
		t.Fatalf("cs2cs answered %d of %d", len(got), len(pts))
	}
	return got
}

// Every supported projection against PROJ at random points, there and back.
func TestProjectionsAgainstPROJ(t *testing.T) {
	const seed = 20261124
	t.Logf("seed %d", seed)
	var worstM, worstDeg float64
	for id := firstZoneEPSG; id <= lastZoneEPSG+1; id++ {
		c, cm, reach := CRS{int16(id)}, 105.0, 40.0
		if z, ok := c.zone(); ok {
			cm, reach = z.cm, 6
		} else {
			c = WebMercator
		}
		r := rand.New(rand.NewPCG(seed, uint64(id)))
		var pts [][2]float64
		for range 60 {
			pts = append(pts, [2]float64{cm + reach*(2*r.Float64()-1), 60 * r.Float64()})
		}
		pts = append(pts, [2]float64{cm, 29}, [2]float64{cm + 1e-7, 29}, [2]float64{cm, 0}, [2]float64{cm + 3, 0}, [2]float64{cm - 9, 54})
		for i, want := range cs2cs(t, "EPSG:4490", c.String(), "%.9f", pts) {
			x, y, err := c.FromLonLat(pts[i])
			if err != nil {
				t.Fatal(c, pts[i], err)
			}
			d := math.Max(math.Abs(x-want[0]), math.Abs(y-want[1]))
			if worstM = math.Max(worstM, d); d > 1e-7 {
				t.Errorf("%s %v: %.9f %.9f, PROJ %.9f", c, pts[i], x, y, want)
			}
			// Back from PROJ's metres, which have nine decimals.
			p, err := c.ToLonLat(want[0], want[1])
			if err != nil {
				t.Fatal(c, want, err)
			}
			d = math.Max(math.Abs(p[0]-pts[i][0]), math.Abs(p[1]-pts[i][1]))
			if worstDeg = math.Max(worstDeg, d); d > 1e-11 {
				t.Errorf("%s %.9f: %.13f, went in as %.13f", c, want, p, pts[i])
			}
		}
	}
	t.Logf("worst difference: %.2g m forward, %.2g° there and back", worstM, worstDeg)
}

// 100,032 random points, as many in every zone, in China's latitudes within 3° of the central meridian: 0.1 mm is asked for.
func TestHundredThousandPointsAgainstPROJ(t *testing.T) {
	const seed, perZone, allowedM = 20261126, 1563, 1e-4
	t.Logf("seed %d", seed)
	var worstM, worstBackM float64
	for id := firstZoneEPSG; id <= lastZoneEPSG; id++ {
		c := CRS{int16(id)}
		z, _ := c.zone()
		r := rand.New(rand.NewPCG(seed, uint64(id)))
		pts := make([][2]float64, perZone)
		for i := range pts {
			pts[i] = [2]float64{z.cm + 3*(2*r.Float64()-1), 3 + 51*r.Float64()}
		}
		for i, want := range cs2cs(t, "EPSG:4490", c.String(), "%.9f", pts) {
			x, y, err := c.FromLonLat(pts[i])
			if err != nil {
				t.Fatal(c, pts[i], err)
			}
			worstM = max(worstM, math.Hypot(x-want[0], y-want[1]))
			p, err := c.ToLonLat(want[0], want[1])
			if err != nil {
				t.Fatal(c, want, err)
			}
			worstBackM = max(worstBackM, math.Hypot((p[0]-pts[i][0])*math.Cos(p[1]*degree), p[1]-pts[i][1])*degree*semiMajorAxisM)
		}
	}
	t.Logf("worst difference from PROJ: %.2g m forward, %.2g m back", worstM, worstBackM)
	if worstM > allowedM || worstBackM > allowedM {
		t.Errorf("more than %v m", allowedM)
	}
}

// What the registry says of every zone: central meridian, false easting, axes, name.
func TestZoneTableAgainstPROJ(t *testing.T) {
	for id := firstZoneEPSG; id <= lastZoneEPSG; id++ {
		c := CRS{int16(id)}
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel() // projinfo takes a tenth of a second each time
			z, _ := c.zone()
			var text string
			for _, d := range definitions(t, c.String()) {
				text += d + "\n"
			}
			for _, want := range []string{
				fmt.Sprintf("+proj=tmerc +lat_0=0 +lon_0=%v +k=1 +x_0=%.0f +y_0=0 +ellps=GRS80 +units=m", z.cm, z.falseEasting),
				`"` + epsgName(z) + `"`,
				`"` + esriName(z) + `"`,
				`AXIS["northing (X)",north,`,
			} {
				if !strings.Contains(text, want) {
					t.Errorf("PROJ does not say %s but\n%s", want, text)
				}
			}
		})
	}
}

// Plain text: one case a line, "SYSTEM lon lat x y tolerance-in-metres-or-degrees", see the head of the file.
func TestCasesFile(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "cases.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases := 0
	for sc, n := bufio.NewScanner(f), 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		var name string
		var lon, lat, x, y, tol float64
		if _, err := fmt.Sscan(line, &name, &lon, &lat, &x, &y, &tol); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		c, err := Parse(name)
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		gotX, gotY, err := c.FromLonLat(orb.Point{lon, lat})
		if err != nil || math.Abs(gotX-x) > tol || math.Abs(gotY-y) > tol {
			t.Errorf("line %d: %s of %v %v is %.9f %.9f %v, want %v %v", n, c, lon, lat, gotX, gotY, err, x, y)
		}
		p, err := c.ToLonLat(x, y)
		if c.Projected() {
			tol = tol/1e5 + 1e-11
		}
		if err != nil || math.Abs(p[0]-lon) > tol || math.Abs(p[1]-lat) > tol {
			t.Errorf("line %d: %s %v %v is at %.10f %.10f %v, want %v %v", n, c, x, y, p[0], p[1], err, lon, lat)
		}
		cases++
	}
	if cases < 60 {
		t.Errorf("only %d cases", cases)
	}
}

func TestReferenceFile(t *testing.T) {
	dir := os.Getenv("YUTU_REFERENCE_DATA")
	if dir == "" {
		t.Skip("YUTU_REFERENCE_DATA is not set: the reference points are not at hand")
	}
	b, err := os.ReadFile(filepath.Join(dir, "crs", "cgcs2000-gauss-krueger.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	head := strings.Split(lines[0], ",")
	for _, line := range lines[1:] {
		var v []float64
		for f := range strings.SplitSeq(line, ",") {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, x)
		}
		for i := 2; i < len(v); i += 2 {
			c, err := Parse(strings.TrimPrefix(head[i], "n_"))
			if err != nil {
				t.Fatal(err)
			}
			x, y, err := c.FromLonLat(orb.Point{v[0], v[1]})
			if err != nil || math.Abs(x-v[i+1]) > 1e-6 || math.Abs(y-v[i]) > 1e-6 {
				t.Errorf("%s %s: %.6f %.6f %v", c, line, x, y, err)
			}
		}
	}
}
