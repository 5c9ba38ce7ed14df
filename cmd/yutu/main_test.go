package main

import (
	"context"
	"os"
	"sync"
	"testing"

	"yutu/data/synth"
)

// demoSeed is the seed of yutu serve --demo.
const demoSeed = 1

// TestMain lets the tests that start the program with its demonstration make the county once: under the race detector
// it takes half a minute. Nothing changes a world once it is made.
func TestMain(m *testing.M) {
	county := sync.OnceValues(func() (*synth.World, error) {
		return synth.Generate(context.Background(), synth.Options{Size: synth.CountySize, Seed: demoSeed})
	})
	whole := generate
	generate = func(ctx context.Context, o synth.Options) (*synth.World, error) {
		if o.Size == synth.CountySize && o.Seed == demoSeed {
			return county()
		}
		return whole(ctx, o)
	}
	os.Exit(m.Run())
}
