package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yutu/data/cluster"
	"yutu/data/pg"
	"yutu/geo/division"
	"yutu/tiles"
)

// The figures of speed and size on the synthetic province, each beside a baseline of the same run, because the
// machine is shared: make bench. Everything runs as it does for a user: the built program as a process of its
// own with its private cluster, and a client on the same cores.

// connections is how many clients ask at once.
const connections = 16

// binary is the built program; make bench builds it first.
func binary(b testing.TB) string {
	b.Helper()
	path, err := filepath.Abs("../../bin/yutu")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		b.Fatalf("%v: run make build first", err)
	}
	return path
}

// provinceHome is a home directory with the province in its database; it is kept between runs under .yutu/bench.
var provinceHome = sync.OnceValues(func() (string, error) {
	home, err := filepath.Abs("../../.yutu/bench")
	if err != nil {
		return "", err
	}
	marker := filepath.Join(home, "province.ready")
	if _, err := os.Stat(marker); err == nil {
		return home, nil
	}
	program, err := filepath.Abs("../../bin/yutu")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command(program, "demo", "--size", "province", "--home", home).CombinedOutput(); err != nil {
		return "", fmt.Errorf("yutu demo: %w: %s", err, out)
	}
	return home, os.WriteFile(marker, nil, 0o644)
})

// served is a running yutu serve.
type served struct {
	url   string
	ready time.Duration
	cmd   *exec.Cmd
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func serveProcess(b testing.TB, args ...string) *served {
	b.Helper()
	cmd := exec.Command(binary(b), append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s := &served{cmd: cmd}
	b.Cleanup(s.stop)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := address.FindString(lines.Text()); m != "" {
			s.url, s.ready = m, time.Since(began)
			break
		}
	}
	if s.url == "" {
		b.Fatal("the service did not become ready")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

func (s *served) stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// memoryMiB reads a field of /proc/PID/status: VmRSS (now) or VmHWM (the most ever).
func (s *served) memoryMiB(b testing.TB, field string) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1024
		}
	}
	b.Fatalf("no %s in /proc", field)
	return 0
}

// someTiles is the fixed list: as many tiles of each zoom z6–z14 as of any other, over the province.
func someTiles(b testing.TB, store *pg.Store, n int) []tiles.Coord {
	b.Helper()
	w, s, e, north := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, box := range provinceBounds(b, store) {
		w, s, e, north = min(w, box[0]), min(s, box[1]), max(e, box[2]), max(north, box[3])
	}
	return tilesIn(w, s, e, north, n)
}

// tilesIn is a fixed list of n tiles over a box in degrees.
func tilesIn(w, s, e, north float64, n int) []tiles.Coord {
	rng := rand.New(rand.NewPCG(1, 2))
	list := make([]tiles.Coord, n)
	for i := range list {
		z := uint8(6 + i%9)
		lon, lat := w+rng.Float64()*(e-w), s+rng.Float64()*(north-s)
		k := float64(uint32(1) << z)
		phi := lat * math.Pi / 180
		list[i] = tiles.Coord{Z: z, X: uint32((lon + 180) / 360 * k), Y: uint32((1 - math.Asinh(math.Tan(phi))/math.Pi) / 2 * k)}
	}
	rng.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// load asks for every tile of the list once, over so many connections, and returns tiles per second and the sorted latencies.
func load(b testing.TB, list []tiles.Coord, ask func(worker int, c tiles.Coord) error) (perSecond float64, latencies []time.Duration) {
	b.Helper()
	latencies = make([]time.Duration, len(list))
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for w := range connections {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return
				}
				t := time.Now()
				if err := ask(w, list[i]); err != nil {
					b.Errorf("%v: %v", list[i], err)
					return
				}
				latencies[i] = time.Since(t)
			}
		})
	}
	wg.Wait()
	perSecond = float64(len(list)) / time.Since(began).Seconds()
	slices.Sort(latencies)
	return perSecond, latencies
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections + 4, DisableCompression: true}}
}

// askTile asks over one connection a worker, with as little ado as the protocol allows: the client shares the cores,
// and what it spends is lost to the service.
func askTile(b testing.TB, url string) func(int, tiles.Coord) error { return askTileAt(b, url, "") }

// askTileAt is askTile with a query, such as ?at=2018-10-30.
func askTileAt(b testing.TB, url, query string) func(int, tiles.Coord) error {
	type connection struct {
		net.Conn
		in *bufio.Reader
	}
	host := strings.TrimPrefix(url, "http://")
	conns := make([]*connection, connections)
	for i := range conns {
		c, err := net.Dial("tcp", host)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		conns[i] = &connection{c, bufio.NewReaderSize(c, 64<<10)}
	}
	return func(worker int, c tiles.Coord) error {
		conn := conns[worker]
		if _, err := fmt.Fprintf(conn, "GET /tiles/divisions/%v.mvt%s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\n\r\n", c, query, host); err != nil {
			return err
		}
		res, err := http.ReadResponse(conn.in, nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if res.StatusCode != 200 && res.StatusCode != 204 {
			return fmt.Errorf("status %s", res.Status)
		}
		return nil
	}
}

func attachedStore(b testing.TB, home string) *pg.Store {
	b.Helper()
	url, err := cluster.Attach(context.Background(), home)
	if err != nil {
		b.Fatal(err)
	}
	store, err := pg.Open(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(store.Close)
	return store
}

// BenchmarkTiles compares cold tiles from the atlas, over HTTP with gzip, with ST_AsMVT on raw and on
// pre-simplified tables, asked directly without HTTP or gzip. The baselines draw polygons and labels only: the layer
// of borders, each once, would cost them a good deal more.
func BenchmarkTiles(b *testing.B) {
	home, err := provinceHome()
	if err != nil {
		b.Fatal(err)
	}
	s := serveProcess(b, "--home", home, "--tile-cache", "0")
	store := attachedStore(b, home)
	baseline := openBaseline(b, home)
	list := someTiles(b, store, 9000)
	warm := list[:900]
	ask := askTile(b, s.url)
	load(b, warm, ask)
	for b.Loop() {
		raw, rawLatency := load(b, list[:360], baseline.raw)
		prepared, preparedLatency := load(b, list[:3600], baseline.prepared)
		ours, latency := load(b, list, ask)
		b.ReportMetric(ours, "tiles/s")
		b.ReportMetric(milliseconds(quantile(latency, 0.5)), "p50-ms")
		b.ReportMetric(milliseconds(quantile(latency, 0.99)), "p99-ms")
		b.ReportMetric(raw, "raw-tiles/s")
		b.ReportMetric(milliseconds(quantile(rawLatency, 0.99)), "raw-p99-ms")
		b.ReportMetric(prepared, "prepared-tiles/s")
		b.ReportMetric(milliseconds(quantile(preparedLatency, 0.99)), "prepared-p99-ms")
		b.ReportMetric(ours/raw, "×raw")
		b.ReportMetric(ours/prepared, "×prepared")
	}
}

// BenchmarkTilesInThePast compares cold tiles of the county before its townships and villages were merged with those of
// today; the past has half as many units again.
func BenchmarkTilesInThePast(b *testing.B) {
	home := b.TempDir()
	if out, err := exec.Command(binary(b), "demo", "--home", home).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	s := serveProcess(b, "--home", home, "--tile-cache", "0")
	// The county alone: its neighbours have no inner structure, then or now.
	var box orb.Bound
	_, err := attachedStore(b, home).EachDivision(b.Context(), func(u division.Unit) error {
		if u.Code == "330727000000" {
			box = u.Geom.Bound()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	list := tilesIn(box.Min[0], box.Min[1], box.Max[0], box.Max[1], 9000)
	today, past := askTile(b, s.url), askTileAt(b, s.url, "?at=2018-10-30")
	load(b, list[:900], today)
	load(b, list[:900], past)
	for b.Loop() {
		// By turns, since the machine is shared.
		var now, then []float64
		var latency []time.Duration
		for range 3 {
			n, _ := load(b, list, today)
			t, l := load(b, list, past)
			now, then, latency = append(now, n), append(then, t), l
		}
		slices.Sort(now)
		slices.Sort(then)
		b.ReportMetric(then[1], "past-tiles/s")
		b.ReportMetric(now[1], "today-tiles/s")
		b.ReportMetric(then[1]/now[1], "×today")
		b.ReportMetric(milliseconds(quantile(latency, 0.99)), "past-p99-ms")
	}
}

// BenchmarkTilesCached asks for tiles that were asked for before.
func BenchmarkTilesCached(b *testing.B) {
	home, err := provinceHome()
	if err != nil {
		b.Fatal(err)
	}
	s := serveProcess(b, "--home", home)
	list := someTiles(b, attachedStore(b, home), 9000)
	ask := askTile(b, s.url)
	load(b, list, ask)
	for b.Loop() {
		ours, latency := load(b, list, ask)
		b.ReportMetric(ours, "tiles/s")
		b.ReportMetric(milliseconds(quantile(latency, 0.99)), "p99-ms")
	}
}

// BenchmarkStart measures from the start of the process to the first answer, cluster included, and the memory.
func BenchmarkStart(b *testing.B) {
	for _, size := range []string{"county", "province"} {
		b.Run(size, func(b *testing.B) {
			home := b.TempDir()
			if size == "province" {
				var err error
				if home, err = provinceHome(); err != nil {
					b.Fatal(err)
				}
			} else if out, err := exec.Command(binary(b), "demo", "--home", home).CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			for b.Loop() {
				s := serveProcess(b, "--home", home)
				b.ReportMetric(s.ready.Seconds(), "ready-s")
				b.ReportMetric(s.memoryMiB(b, "VmRSS"), "rss-MiB")
				b.ReportMetric(s.memoryMiB(b, "VmHWM"), "peak-MiB")
				s.stop()
			}
		})
	}
}

// BenchmarkFreshness changes villages one by one while the tile load runs, and measures from the commit until the
// tile that shows the village has changed.
func BenchmarkFreshness(b *testing.B) {
	home, err := provinceHome()
	if err != nil {
		b.Fatal(err)
	}
	s := serveProcess(b, "--home", home)
	store := attachedStore(b, home)
	list := someTiles(b, store, 9000)
	client, ask := httpClient(), askTile(b, s.url)
	stop := make(chan struct{})
	var background sync.WaitGroup
	background.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				load(b, list, ask)
			}
		}
	})
	villages := someVillages(b, store, 200)
	for b.Loop() {
		var latencies []time.Duration
		for _, v := range villages {
			tile := fmt.Sprintf("%s/tiles/divisions/%v.mvt", s.url, labelTile(v, 12))
			before := etag(b, client, tile)
			original := v
			v.Name += "改"
			if _, err := store.PutDivision(b.Context(), "bench", v); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			for etag(b, client, tile) == before {
				if time.Since(began) > 10*time.Second {
					b.Fatalf("%s did not change within 10 s", tile)
				}
				time.Sleep(2 * time.Millisecond)
			}
			latencies = append(latencies, time.Since(began))
			if _, err := store.PutDivision(b.Context(), "bench", original); err != nil {
				b.Fatal(err)
			}
		}
		slices.Sort(latencies)
		b.ReportMetric(milliseconds(quantile(latencies, 0.5)), "p50-ms")
		b.ReportMetric(milliseconds(quantile(latencies, 0.99)), "p99-ms")
		b.ReportMetric(milliseconds(latencies[len(latencies)-1]), "max-ms")
	}
	close(stop)
	background.Wait()
}

func etag(b testing.TB, client *http.Client, url string) string {
	b.Helper()
	res, err := client.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Header.Get("ETag")
}
