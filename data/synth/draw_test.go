package synth

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// TestDraw makes pictures of the county in the folder that YUTU_DRAW names, for a person to look at:
// borders, rivers and roads cannot be judged by numbers alone.
func TestDraw(t *testing.T) {
	dir := os.Getenv("YUTU_DRAW")
	if dir == "" {
		t.Skip("set YUTU_DRAW to a folder to get pictures")
	}
	made, err := makeCounty(context.Background(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	w := made.World
	now := division.Date(20000)
	own := w.Units[0].Geom.Bound()
	for _, u := range w.Units {
		if u.Code == "330727000000" {
			own = u.Geom.Bound()
		}
	}
	all := w.Units[0].Geom.Bound()
	for _, u := range w.Units {
		all = all.Union(u.Geom.Bound())
	}
	mid := own.Center()
	for name, b := range map[string]orb.Bound{"all": all, "county": own.Pad(0.01), "detail": {Min: orb.Point{mid[0] - 0.06, mid[1] - 0.05}, Max: orb.Point{mid[0] + 0.06, mid[1] + 0.05}}} {
		c := newCanvas(b, 1400)
		c.shade(made)
		for _, r := range w.Ridges {
			c.line(r.Line, color.RGBA{222, 205, 180, 255}, 2)
		}
		for _, r := range w.Rivers {
			c.line(r.Line, color.RGBA{90, 150, 200, 255}, float64(r.Order))
		}
		for _, e := range w.Roads.Edges {
			wide := map[string]float64{"国道": 4, "省道": 3.2, "县道": 2.4, "乡道": 1.6, "村道": 1}[e.Class]
			c.line(e.Line, color.RGBA{200, 120, 60, 255}, wide)
		}
		for i := len(w.Units) - 1; i >= 0; i-- {
			u := w.Units[i]
			if !u.Valid.Contains(now) {
				continue
			}
			ink := map[division.Level]color.RGBA{3: {170, 20, 20, 255}, 4: {40, 40, 40, 255}, 5: {150, 150, 150, 255}}[u.Level]
			for _, p := range u.Geom {
				for _, r := range p {
					c.line(orb.LineString(r), ink, map[division.Level]float64{3: 4, 4: 2.4, 5: 1}[u.Level])
				}
			}
		}
		for _, n := range w.Roads.Nodes {
			if n.Village != "" {
				c.line(orb.LineString{n.At, n.At}, color.RGBA{0, 0, 0, 255}, 5)
			}
		}
		f, err := os.Create(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, c.img); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

type canvas struct {
	img    *image.RGBA
	b      orb.Bound
	px, py float64
}

func newCanvas(b orb.Bound, width int) *canvas {
	k := float64(width) / (b.Max[0] - b.Min[0])
	ky := k / math.Cos(b.Center()[1]*math.Pi/180)
	c := &canvas{b: b, px: k, py: ky, img: image.NewRGBA(image.Rect(0, 0, width, int(ky*(b.Max[1]-b.Min[1]))))}
	for i := range c.img.Pix {
		c.img.Pix[i] = 250
	}
	return c
}

func (c *canvas) line(ls orb.LineString, ink color.RGBA, wide float64) {
	for i := 1; i < len(ls); i++ {
		ax, ay := (ls[i-1][0]-c.b.Min[0])*c.px, (c.b.Max[1]-ls[i-1][1])*c.py
		bx, by := (ls[i][0]-c.b.Min[0])*c.px, (c.b.Max[1]-ls[i][1])*c.py
		n := int(math.Hypot(bx-ax, by-ay)*1.5) + 1
		for k := range n + 1 {
			x, y := ax+(bx-ax)*float64(k)/float64(n), ay+(by-ay)*float64(k)/float64(n)
			h := wide / 2
			for dx := -math.Floor(h); dx <= h; dx++ {
				for dy := -math.Floor(h); dy <= h; dy++ {
					if dx*dx+dy*dy <= h*h+0.3 {
						c.img.SetRGBA(int(x+dx), int(y+dy), ink)
					}
				}
			}
		}
	}
}

// shade paints the terrain, lit from the north-west. The ground is not bent as the lines are, so it lies up to a few hundred
// metres beside them.
func (c *canvas) shade(w *county) {
	for py := range c.img.Rect.Dy() {
		for px := range c.img.Rect.Dx() {
			x := (c.b.Min[0] + float64(px)/c.px - w.frame.lon) / w.frame.perX
			y := (c.b.Max[1] - float64(py)/c.py - w.frame.lat) / w.frame.perY
			cell := w.m.at(x, y)
			if cell < 0 || !w.m.in[cell] {
				continue
			}
			rise := float64(w.t.cellHeight(w.m.nb(cell, dirSE))-w.t.cellHeight(w.m.nb(cell, dirNW))) / 10
			high := float64(w.t.cellHeight(cell)) / 10
			v := math.Max(120, math.Min(255, 225+rise*0.35))
			c.img.SetRGBA(px, py, color.RGBA{uint8(v), uint8(v - 0), uint8(v * (1 - high/6000)), 255})
		}
	}
}
