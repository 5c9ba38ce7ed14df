package synth

import "math"

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash2 is a hash of a place or thing (a) for a purpose (seed).
func hash2(seed, a uint64) uint64 { return mix(seed ^ mix(a)) }

// rng is a stream of random numbers for one purpose.
type rng struct{ state uint64 }

func newRNG(seed, purpose uint64) *rng { return &rng{hash2(seed, purpose)} }

func (r *rng) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

// intn returns 0 … n−1; n must be positive and far below 2^32, so that the bias of the remainder does not show.
func (r *rng) intn(n int) int { return int(r.next() >> 32 % uint64(n)) }

func shuffle[T any](r *rng, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := r.intn(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}

func pick[T any](r *rng, s []T) T { return s[r.intn(len(s))] }

// unit maps a hash to [-1, 1).
func unit(h uint64) float64 { return float64(int64(h)>>11) / (1 << 52) }

// noise is value noise on a square lattice of the given wavelength: continuous, in [-1, 1], with zero mean.
type noise struct {
	seed       uint64
	wavelength float64 // km
}

// at evaluates the noise. Products are converted explicitly, which forbids the compiler to fuse them with a sum: fused and
// unfused results differ in the last bit, and then so would the county on another processor.
func (n noise) at(x, y float64) float64 {
	// The lattice is turned by an angle with tangent 1/2, so that its axes are not those of the mesh.
	u := (float64(0.8944*x) + float64(0.4472*y)) / n.wavelength
	v := (float64(0.8944*y) - float64(0.4472*x)) / n.wavelength
	fu, fv := math.Floor(u), math.Floor(v)
	i, j := int64(fu), int64(fv)
	lattice := func(i, j int64) float64 {
		return unit(mix(n.seed ^ uint64(i)*0xd6e8feb86659fd93 ^ uint64(j)*0xa0761d6478bd642f))
	}
	su, sv := smooth(u-fu), smooth(v-fv)
	a := lerp(lattice(i, j), lattice(i+1, j), su)
	b := lerp(lattice(i, j+1), lattice(i+1, j+1), su)
	return lerp(a, b, sv)
}

func smooth(t float64) float64 { return float64(float64(t*t) * (3 - float64(2*t))) }

func lerp(a, b, t float64) float64 { return a + float64((b-a)*t) }
