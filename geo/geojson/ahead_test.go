package geojson

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Features are parsed ahead of each other, and yet come in order and whole up to the place where the file, or the
// caller, says stop.
func TestManyFeaturesComeInOrder(t *testing.T) {
	const n = 3000
	point := func(i int) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"i":%d,"fill":"%s"},"geometry":{"type":"Point","coordinates":[%d,0]}}`, i, strings.Repeat("舆图", 80), i%180)
	}
	long := func(i int) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"i":%d},"geometry":{"type":"LineString","coordinates":[[0,0,1]%s]}}`, i, strings.Repeat(",[1.5,2.5]", 150_000))
	}
	errCaller := errors.New("enough")
	for _, c := range []struct {
		name    string
		at      int // the damage stands in, or behind, this feature
		damaged func(good string) string
		want    string
	}{
		{"whole", n, nil, ""},
		{"not GeoJSON in a feature", 2500, func(string) string { return `{"type":"Feature","geometry":{"type":"Kreis"}}` }, "Kreis"},
		{"no comma", 2500, func(good string) string { return good + " " + good }, "comma"},
		{"cut off", 2999, func(good string) string { return good[:40] }, "cut off"},
		{"bad beside the long one", 1200, func(string) string { return `{"type":"Feature","geometry":7}` }, "geometry must be"},
		{"the first", 0, func(string) string { return `[]` }, "must be an object"},
		{"the caller stops", 2000, nil, "enough"},
	} {
		var b strings.Builder
		b.WriteString(`{"type":"FeatureCollection","features":[`)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			text := point(i)
			if i == 1199 {
				text = long(i)
			}
			if i == c.at && c.damaged != nil {
				text = c.damaged(text)
			}
			b.WriteString(text)
			if i == c.at && c.name == "cut off" {
				break
			}
		}
		if c.name != "cut off" {
			b.WriteString(`],"name":"x"}`)
		}
		next := 0
		head, err := Read(strings.NewReader(b.String()), Limits{}, func(f Feature) error {
			if c.name == "the caller stops" && next == c.at {
				return errCaller
			}
			if next++; f.Record != next || fmt.Sprint(f.Properties[0].Value) != fmt.Sprint(next-1) {
				t.Fatalf("%s: record %d holds %v, want %d", c.name, f.Record, f.Properties[0].Value, next-1)
			}
			return nil
		})
		want := c.at
		if c.name == "no comma" {
			want++
		}
		if next != want {
			t.Errorf("%s: %d features came, want %d", c.name, next, want)
		}
		var syntax *SyntaxError
		switch {
		case c.want == "":
			if err != nil || head.Ordinates != 3 || head.Name != "x" {
				t.Errorf("%s: %v, %+v", c.name, err, head)
			}
		case c.want == "enough":
			if !errors.Is(err, errCaller) {
				t.Errorf("%s: %v", c.name, err)
			}
		case !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, c.want) || syntax.Record != want+1:
			t.Errorf("%s: %v, want %q at record %d", c.name, err, c.want, want+1)
		}
	}
}
