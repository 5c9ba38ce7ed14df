package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yutu/data/cluster"
	"yutu/data/pg"
	"yutu/geo/division"
	"yutu/tiles"
)

// baselineTiles asks PostGIS itself for the same tiles, as the usual tile servers do.
type baselineTiles struct{ pool *pgxpool.Pool }

// deepest is the lowest level drawn at a zoom, as in the atlas's own bands.
func deepest(z uint8) int {
	switch {
	case z <= 7:
		return int(division.County)
	case z <= 10:
		return int(division.Township)
	default:
		return int(division.Village)
	}
}

// openBaseline connects, and prepares one table a zoom with simplified geometry in EPSG:3857, the honest opponent.
func openBaseline(b testing.TB, home string) *baselineTiles {
	b.Helper()
	ctx := context.Background()
	url, err := cluster.Attach(ctx, home)
	if err != nil {
		b.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = connections
	// A generic plan knows no bounding box and is several times slower.
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	run := func(sql string) {
		if _, err := pool.Exec(ctx, sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	run(`DROP SCHEMA IF EXISTS bench CASCADE`)
	run(`CREATE SCHEMA bench`)
	run(`CREATE INDEX IF NOT EXISTS bench_geom ON division USING gist (geom)`)
	b.Cleanup(func() { _, _ = pool.Exec(ctx, `DROP INDEX IF EXISTS bench_geom`) })
	b.Cleanup(func() { _, _ = pool.Exec(ctx, `DROP SCHEMA IF EXISTS bench CASCADE`) })
	run(`CREATE TABLE bench.projected AS SELECT id, code, name, level, type, parent,
		ST_Transform(geom, 3857) AS geom, ST_Transform(label, 3857) AS label FROM division WHERE valid @> current_date`)
	for z := uint8(6); z <= 14; z++ {
		resolution := 2 * math.Pi * 6378137 / 4096 / float64(uint32(1)<<z)
		run(fmt.Sprintf(`CREATE TABLE bench.z%d AS SELECT id, code, name, level, type, parent,
			ST_Simplify(geom, %f, true) AS geom, label FROM bench.projected WHERE level <= %d`, z, resolution, deepest(z)))
		run(fmt.Sprintf(`CREATE INDEX ON bench.z%d USING gist (geom)`, z))
		run(fmt.Sprintf(`CREATE INDEX ON bench.z%d USING gist (label)`, z))
	}
	run(`ANALYZE`)
	return &baselineTiles{pool}
}

const rawTile = `
WITH b AS MATERIALIZED (SELECT ST_TileEnvelope($1, $2, $3) AS e,
	ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 0.015625), 4490) AS g),
p AS (SELECT ST_AsMVTGeom(ST_Transform(d.geom, 3857), b.e, 4096, 64) AS geom, d.id, code, name, level, type, parent
	FROM division d, b WHERE d.geom && b.g AND level <= $4 AND valid @> current_date),
l AS (SELECT ST_AsMVTGeom(ST_Transform(d.label, 3857), b.e, 4096, 0) AS geom, d.id, code, name, level, type, parent
	FROM division d, b WHERE d.geom && b.g AND d.label && b.g AND level <= $4 AND valid @> current_date)
SELECT (SELECT ST_AsMVT(p, 'divisions', 4096, 'geom', 'id') FROM p WHERE geom IS NOT NULL) ||
	(SELECT ST_AsMVT(l, 'divisions_label', 4096, 'geom', 'id') FROM l WHERE geom IS NOT NULL)`

const preparedTile = `
WITH b AS MATERIALIZED (SELECT ST_TileEnvelope($1, $2, $3) AS e, ST_TileEnvelope($1, $2, $3, margin => 0.015625) AS g),
p AS (SELECT ST_AsMVTGeom(d.geom, b.e, 4096, 64) AS geom, d.id, code, name, level, type, parent
	FROM bench.z%[1]d d, b WHERE d.geom && b.g),
l AS (SELECT ST_AsMVTGeom(d.label, b.e, 4096, 0) AS geom, d.id, code, name, level, type, parent
	FROM bench.z%[1]d d, b WHERE d.label && b.g)
SELECT (SELECT ST_AsMVT(p, 'divisions', 4096, 'geom', 'id') FROM p WHERE geom IS NOT NULL) ||
	(SELECT ST_AsMVT(l, 'divisions_label', 4096, 'geom', 'id') FROM l WHERE geom IS NOT NULL)`

func (t *baselineTiles) raw(_ int, c tiles.Coord) error {
	var tile []byte
	return t.pool.QueryRow(context.Background(), rawTile, int(c.Z), int(c.X), int(c.Y), deepest(c.Z)).Scan(&tile)
}

func (t *baselineTiles) prepared(_ int, c tiles.Coord) error {
	var tile []byte
	return t.pool.QueryRow(context.Background(), fmt.Sprintf(preparedTile, c.Z), int(c.Z), int(c.X), int(c.Y)).Scan(&tile)
}

// provinceBounds returns the boxes of the units of the highest level.
func provinceBounds(b testing.TB, store *pg.Store) [][4]float64 {
	b.Helper()
	var boxes [][4]float64
	_, err := store.EachDivision(context.Background(), func(u division.Unit) error {
		if u.Level == division.County {
			box := u.Geom.Bound()
			boxes = append(boxes, [4]float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return boxes
}

// someVillages is a fixed choice of n villages.
func someVillages(b testing.TB, store *pg.Store, n int) []division.Unit {
	b.Helper()
	var all []division.Unit
	_, err := store.EachDivision(context.Background(), func(u division.Unit) error {
		if u.Level == division.Village {
			all = append(all, u)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

// labelTile is the tile of the zoom that holds the unit's label.
func labelTile(u division.Unit, z uint8) tiles.Coord {
	k := float64(uint32(1) << z)
	phi := u.Label[1] * math.Pi / 180
	return tiles.Coord{Z: z, X: uint32((u.Label[0] + 180) / 360 * k), Y: uint32((1 - math.Asinh(math.Tan(phi))/math.Pi) / 2 * k)}
}

// BenchmarkImport loads the province's villages from one GeoPackage: yutu import with all its checks, and ogr2ogr
// with COPY and none. Both write into databases of the same server.
func BenchmarkImport(b *testing.B) {
	ctx := context.Background()
	c, err := cluster.Start(ctx, cluster.Options{Home: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Stop()
	admin, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Close(ctx)
	file, upper := provinceFiles(b)
	replace := func(name string) string {
		for _, sql := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
			if _, err := admin.Exec(ctx, sql); err != nil {
				b.Fatal(err)
			}
		}
		config := admin.Config()
		return fmt.Sprintf("postgres:///%s?host=%s&user=%s&sslmode=disable", name, config.Host, config.User)
	}
	for b.Loop() {
		theirs := replace("theirs")
		conn, err := pgx.Connect(ctx, theirs)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Exec(ctx, "CREATE EXTENSION postgis"); err != nil {
			b.Fatal(err)
		}
		config := conn.Config()
		conn.Close(ctx)
		began := time.Now()
		out, err := exec.Command("ogr2ogr", "-f", "PostgreSQL", "--config", "PG_USE_COPY", "YES",
			fmt.Sprintf("PG:host=%s dbname=theirs user=%s", config.Host, config.User), file, "-nln", "villages", "-nlt", "MULTIPOLYGON").CombinedOutput()
		if err != nil {
			b.Fatalf("ogr2ogr: %v: %s", err, out)
		}
		baseline := time.Since(began)

		ours := replace("ours")
		run := func(args ...string) time.Duration {
			began := time.Now()
			cmd := exec.Command(binary(b), append(args, "--database", ours, "--lang", "en")...)
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("yutu %v: %v: %s", args, err, out)
			}
			return time.Since(began)
		}
		run("import", "divisions", upper, "--accept-warnings")
		took := run("import", "divisions", file, "--accept-warnings")
		b.ReportMetric(took.Seconds(), "yutu-s")
		b.ReportMetric(baseline.Seconds(), "ogr2ogr-s")
		b.ReportMetric(took.Seconds()/baseline.Seconds(), "×ogr2ogr")
	}
}

// provinceFiles writes the synthetic province as GeoPackages: its villages, and all the units above them.
func provinceFiles(b testing.TB) (villages, upper string) {
	b.Helper()
	home, err := provinceHome()
	if err != nil {
		b.Fatal(err)
	}
	s := serveProcess(b, "--home", home)
	defer s.stop()
	url, err := cluster.Attach(context.Background(), home)
	if err != nil {
		b.Fatal(err)
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	write := func(name, where string) string {
		path := filepath.Join(dir, name+".gpkg")
		out, err := exec.Command("ogr2ogr", "-f", "GPKG", path, fmt.Sprintf("PG:host=%s dbname=%s user=%s", config.Host, config.Database, config.User),
			"-nln", name, "-sql", "SELECT code, name, level, type, parent, synthetic::text, geom FROM division WHERE valid @> current_date AND "+where).CombinedOutput()
		if err != nil {
			b.Fatalf("ogr2ogr: %v: %s", err, out)
		}
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %s MB", path, strconv.FormatInt(info.Size()>>20, 10))
		return path
	}
	return write("villages", "level = 5"), write("upper", "level < 5")
}
