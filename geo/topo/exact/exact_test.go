package exact

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestCompareProductsAgainstBigNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		factor := rapid.OneOf(rapid.Int64Range(-(1<<53), 1<<53), rapid.Int64Range(-5, 5), rapid.Int64Range(1<<53-3, 1<<53))
		a, b, c, d := factor.Draw(t, "a"), factor.Draw(t, "b"), factor.Draw(t, "c"), factor.Draw(t, "d")
		if rapid.Bool().Draw(t, "nearly equal") {
			c, d = a, b+rapid.Int64Range(-1, 1).Draw(t, "off")
		}
		l := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		r := new(big.Int).Mul(big.NewInt(c), big.NewInt(d))
		if got, want := CompareProducts(a, b, c, d), l.Cmp(r); got != want {
			t.Fatalf("%d·%d against %d·%d: %d, want %d", a, b, c, d, got, want)
		}
	})
}

func TestOrientSeesOneStepOffALongLine(t *testing.T) {
	const far = int64(360e9)
	for off := int64(-1); off <= 1; off++ {
		if got := Orient(0, 0, far, far-1, far/2*2, far-1+off); got != int(off) {
			t.Errorf("%d steps off: %d", off, got)
		}
	}
	if Orient(0, 0, 1, 0, 0, 1) != 1 {
		t.Error("left is not 1")
	}
}
