package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCRSReadsAndWritesDegreesMinutesSeconds(t *testing.T) {
	in := "东经120°26′15.3″，北纬29°03′26.1″\n29°03′26.1″N 120°26′15.3″E\n1202615.3 290326.1\n120度26分15.3秒 29度03分26.1秒\n120.437583333 29.05725 812.5\n"
	code, out, errs := yutu(t, in, "crs", "--from", "4490", "--to", "4490", "--dms", "marks")
	if code != exitFine || out != strings.Repeat("120°26′15.30000″ 29°03′26.10000″\n", 5) {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	for style, want := range map[string]string{"point-behind": "120°26′15″.30000 29°03′26″.10000", "han": "120度26分15.30000秒 29度03分26.10000秒", "packed": "1202615.30000 290326.10000"} {
		if code, out, errs := yutu(t, "120.437583333 29.05725\n", "crs", "--from", "4490", "--to", "4490", "--dms", style); code != exitFine || strings.TrimSpace(out) != want {
			t.Errorf("%s: exit %d %s%s", style, code, out, errs)
		}
	}
	if code, _, errs := yutu(t, "120°60′00″ 29\n", "crs", "--from", "4490", "--to", "4549"); code != exitFindings || !strings.Contains(errs, "小于 60") || !strings.Contains(errs, "1") {
		t.Errorf("exit %d %s", code, errs)
	}
	if code, _, errs := yutu(t, "120 29\n", "crs", "--from", "4490", "--to", "4549", "--dms", "marks"); code != exitFindings || !strings.Contains(errs, "4549") {
		t.Errorf("exit %d %s", code, errs)
	}
}

// From metres of Beijing 1954 to metres of CGCS2000 and back, with made-up parameters, as PROJ's pipeline does it.
func TestCRSWithSevenParametersAgainstPROJ(t *testing.T) {
	const x, y, seven = 20561234.567, 3213456.789, "15.8,-154.4,-82.3,1.31,-2.72,3.94,-4.21"
	in := fmt.Sprintf("%.3f %.3f\n", x, y)
	code, out, errs := yutu(t, in, "crs", "--from", "EPSG:21420", "--to", "EPSG:4549", "--seven", seven, "--convention", "coordinate-frame")
	if code != exitFine {
		t.Fatal(errs)
	}
	cmd := exec.Command("cct", strings.Fields("-d 6 +proj=pipeline +step +inv +proj=tmerc +lon_0=117 +x_0=20500000 +ellps=krass +step +proj=cart +ellps=krass"+
		" +step +proj=helmert +x=15.8 +y=-154.4 +z=-82.3 +rx=1.31 +ry=-2.72 +rz=3.94 +s=-4.21 +convention=coordinate_frame +step +inv +proj=cart +ellps=GRS80 +step +proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80")...)
	cmd.Stdin = strings.NewReader(fmt.Sprintf("%.3f %.3f 0 0\n", x, y))
	theirs, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var east, north, ourEast, ourNorth float64
	if _, err := fmt.Sscan(string(theirs), &east, &north); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(out, &ourEast, &ourNorth); err != nil {
		t.Fatal(err)
	}
	if math.Abs(ourEast-east) > 1e-4 || math.Abs(ourNorth-north) > 1e-4 {
		t.Errorf("%s, PROJ %s", out, theirs)
	}
	file := filepath.Join(t.TempDir(), "七参数.json")
	text := `{"dx":15.8,"dy":-154.4,"dz":-82.3,"rx":1.31,"ry":-2.72,"rz":3.94,"s":-4.21,"convention":"coordinate-frame"}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, back, errs := yutu(t, out, "crs", "--from", "EPSG:4549", "--to", "EPSG:21420", "--seven", file)
	var bx, by float64
	if _, err := fmt.Sscan(back, &bx, &by); err != nil || code != exitFine || math.Abs(bx-x) > 2e-4 || math.Abs(by-y) > 2e-4 {
		t.Errorf("exit %d: %s%s", code, back, errs)
	}
	// Zones of one old datum need no parameters.
	if code, out, errs := yutu(t, in, "crs", "--from", "21420", "--to", "2437"); code != exitFine || !strings.HasPrefix(out, "268") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--from", "21420", "--to", "4490"}, "--seven"},
		{[]string{"--from", "21420", "--to", "4490", "--seven", seven}, "约定"},
		{[]string{"--from", "21420", "--to", "4490", "--seven", "1,2"}, "七个参数"},
		{[]string{"--from", "21420", "--to", "4490", "--seven", file, "--convention", "position-vector"}, "coordinate-frame"},
		{[]string{"--from", "21420", "--to", "2385", "--seven", file}, "两步"},
		{[]string{"--from", "4549", "--to", "4490", "--seven", file}, "不用七参数"},
	} {
		if code, _, errs := yutu(t, in, append([]string{"crs"}, c.args...)...); code != exitFindings || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d %s", c.args, code, errs)
		}
	}
}
