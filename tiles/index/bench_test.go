package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"yutu/geo/topo"
	"yutu/tiles"
)

var big = sync.OnceValues(func() (*Index, *world) {
	w := province()
	fs := w.features()
	vertices := 0
	for _, f := range fs {
		if f.Rank == 5 {
			vertices += len(f.Geom[0][0])
		}
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, cpu := time.Now(), cpuTime()
	ix, err := Build(context.Background(), Config{}, fs)
	if err != nil {
		panic(err)
	}
	took, cpu := time.Since(start), cpuTime()-cpu
	runtime.GC()
	runtime.ReadMemStats(&after)
	fmt.Fprintf(os.Stderr, "province: %d features, %d village vertices; built in %v (cpu %v); heap %d MiB, estimate %d MiB\n",
		len(fs), vertices, took, cpu, (after.HeapAlloc-before.HeapAlloc)>>20, ix.MemBytes()>>20)
	for i := range ix.bands {
		a, b, c, d := ix.bands[i].mesh.Counts()
		fmt.Fprintln(os.Stderr, "band", ix.bands[i].Band, "areas", a, "arcs", b, "vertices", c, "kept", d)
		for z := ix.bands[i].MinZoom; z <= ix.bands[i].MaxZoom; z++ {
			cells, m := ix.Displacement(z)
			fmt.Fprintf(os.Stderr, " z%d %.1f cells %.3f m;", z, cells, m)
		}
		fmt.Fprintln(os.Stderr)
	}
	runtime.KeepAlive(fs)
	return ix, w
})

// randomTiles are tiles of the zooms over the middle of the index.
func randomTiles(ix *Index, n int, lo, hi uint8) []tiles.Coord {
	r := rand.New(rand.NewPCG(3, 3))
	b := ix.bands[len(ix.bands)-1].mesh.Bounds()
	out := make([]tiles.Coord, n)
	for i := range out {
		z := lo + uint8(i%int(hi-lo+1))
		x := b.MinX + r.Int32N(b.MaxX-b.MinX)
		y := b.MinY + r.Int32N(b.MaxY-b.MinY)
		s := topo.WorldBits - z
		out[i] = tiles.Coord{Z: z, X: uint32(x >> s), Y: uint32(y >> s)}
	}
	return out
}

// cpuTime is what the process has used, whatever else the machine does.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkTile(b *testing.B) {
	ix, _ := big()
	for _, zs := range [][2]uint8{{6, 14}, {0, 5}, {6, 6}, {7, 7}, {8, 8}, {10, 10}, {11, 11}, {12, 12}, {14, 14}, {16, 16}} {
		list := randomTiles(ix, 1800, zs[0], zs[1])
		b.Run(fmt.Sprintf("z%d-%d", zs[0], zs[1]), func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			var err error
			var bytes int
			before := cpuTime()
			for i := 0; b.Loop(); i++ {
				buf, err = ix.Tile(buf[:0], list[i%len(list)], 0)
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(buf)
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(bytes)/float64(b.N), "B/tile")
		})
	}
}

// BenchmarkReplace moves a village out and in again.
func BenchmarkReplace(b *testing.B) {
	ix, w := big()
	for _, rank := range []uint8{5, 4, 3, 1} {
		b.Run(fmt.Sprintf("rank%d", rank), func(b *testing.B) {
			side := min(sides[rank], w.n)
			r := rand.New(rand.NewPCG(9, 9))
			before := cpuTime()
			defer func() { b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op") }()
			for b.Loop() {
				i, j := r.IntN(w.n)/side*side, r.IntN(w.n)/side*side
				f := w.unit(rank, side, i, j)
				next, _, err := ix.Replace([]int64{f.ID}, []Feature{f})
				if err != nil {
					b.Fatal(err)
				}
				_ = next
			}
		})
	}
}
