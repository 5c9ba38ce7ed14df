package pg_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"pgregory.net/rapid"

	"yutu/data/pg"
	"yutu/data/pgtest"
)

func drawMultiPolygon(t *rapid.T) orb.MultiPolygon {
	coord := rapid.Float64Range(-180, 180)
	mp := make(orb.MultiPolygon, rapid.IntRange(0, 3).Draw(t, "polygons"))
	for i := range mp {
		mp[i] = make(orb.Polygon, rapid.IntRange(1, 3).Draw(t, "rings"))
		for j := range mp[i] {
			r := make(orb.Ring, rapid.IntRange(3, 9).Draw(t, "points"))
			for k := range r {
				r[k] = orb.Point{coord.Draw(t, "x"), coord.Draw(t, "y")}
			}
			mp[i][j] = append(r, r[0])
		}
	}
	return mp
}

func TestEWKBRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mp := drawMultiPolygon(t)
		b := pg.AppendEWKB(nil, mp)
		if len(b) != pg.EWKBSize(mp) {
			t.Fatalf("%d bytes, %d announced", len(b), pg.EWKBSize(mp))
		}
		got, err := pg.ParseEWKB(b)
		if err != nil || !got.Equal(mp) {
			t.Fatalf("%v, %v", got, err)
		}
		// Rings share memory, but appending to one must not reach the next.
		for _, p := range got {
			for _, r := range p {
				if cap(r) != len(r) {
					t.Fatal("a ring has room to grow into its neighbour")
				}
			}
		}
		for _, cut := range []int{0, 1, len(b) / 2, len(b) - 1} {
			if _, err := pg.ParseEWKB(b[:cut]); err == nil {
				t.Fatalf("cut at %d of %d: no error", cut, len(b))
			}
		}
		if _, err := pg.ParseEWKB(append(b, 0)); err == nil {
			t.Fatal("a byte too many: no error")
		}
	})
}

// PostGIS writes and reads the same bytes, in both byte orders.
func TestEWKBAgainstPostGIS(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rapid.Check(t, func(rt *rapid.T) {
		mp := drawMultiPolygon(rt)
		ours := pg.AppendEWKB(nil, mp)
		text := wkt.MarshalString(mp)
		if len(mp) == 0 {
			text = "MULTIPOLYGON EMPTY"
		}
		var little, big string
		var back bool
		err := conn.QueryRow(t.Context(), `SELECT encode(ST_AsEWKB(g, 'NDR'), 'hex'), encode(ST_AsEWKB(g, 'XDR'), 'hex'),
			ST_OrderingEquals($2::bytea::geometry, g) FROM ST_GeomFromText($1, 4490) g`, text, ours).Scan(&little, &big, &back)
		if err != nil {
			rt.Fatal(err)
		}
		if little != hex.EncodeToString(ours) || !back {
			rt.Fatalf("ours   %x\ntheirs %s, reads ours: %v", ours, little, back)
		}
		b, _ := hex.DecodeString(big)
		if got, err := pg.ParseEWKB(b); err != nil || !got.Equal(mp) {
			rt.Fatalf("big-endian: %v, %v", got, err)
		}
	})
	for text, says := range map[string]string{
		"SRID=4490;POLYGON((0 0,1 0,1 1,0 0))":                  "type",
		"SRID=4490;MULTIPOLYGON Z(((0 0 1,1 0 1,1 1 1,0 0 1)))": "type",
		"SRID=4326;MULTIPOLYGON(((0 0,1 0,1 1,0 0)))":           "EPSG:4326",
	} {
		var b []byte
		if err := conn.QueryRow(t.Context(), `SELECT ST_AsEWKB(ST_GeomFromEWKT($1))`, text).Scan(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := pg.ParseEWKB(b); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	p := orb.Point{120.123456789, math.Copysign(0, -1)}
	var b []byte
	if err := conn.QueryRow(t.Context(), `SELECT ST_AsEWKB(ST_SetSRID(ST_MakePoint($1, $2), 4490))`, p[0], p[1]).Scan(&b); err != nil {
		t.Fatal(err)
	}
	if got := pg.AppendPoint(nil, p); !slices.Equal(got, b) {
		t.Errorf("point %x, PostGIS %x", got, b)
	}
	if got, err := pg.ParsePointEWKB(b); got != p || err != nil {
		t.Errorf("point %v, %v", got, err)
	}
}

func FuzzParseEWKB(f *testing.F) {
	f.Add(pg.AppendEWKB(nil, unit(anwen, "甲").Geom))
	f.Add(pg.AppendEWKB(nil, nil))
	f.Add(pg.AppendPoint(nil, orb.Point{1, 2}))
	f.Add([]byte("\x01\x06\x00\x00\x20\x8a\x11\x00\x00\xff\xff\xff\xff"))
	f.Add([]byte("\x01\x06\x00\x00\x20\x8a\x11\x00\x00\x01\x00\x00\x00\x01\x03\x00\x00\x00\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := pg.ParsePointEWKB(b); err == nil && len(b) != 21 && len(b) != 25 {
			t.Fatalf("a point of %d bytes", len(b))
		}
		mp, err := pg.ParseEWKB(b)
		if err != nil {
			return
		}
		// What was read, written again, reads the same: also for NaN, so bit by bit.
		again, err := pg.ParseEWKB(pg.AppendEWKB(nil, mp))
		if err != nil || fmt.Sprint(bits(again)) != fmt.Sprint(bits(mp)) {
			t.Fatalf("%v, %v", again, err)
		}
	})
}

func bits(mp orb.MultiPolygon) (out []uint64) {
	for _, p := range mp {
		out = append(out, uint64(len(p)))
		for _, r := range p {
			out = append(out, uint64(len(r)))
			for _, q := range r {
				out = append(out, math.Float64bits(q[0]), math.Float64bits(q[1]))
			}
		}
	}
	return out
}
