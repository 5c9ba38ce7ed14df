package api

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"yutu/data/pg"
	"yutu/geo"
)

// hashParams make a guess cost 64 MiB and a good part of a second (RFC 9106, second recommended option: t=3, 64 MiB).
var hashParams = &argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 2, SaltLength: 16, KeyLength: 32}

// hashing bounds the memory and the processors that hashing takes, however many want to sign in at once.
var hashing = make(chan struct{}, 2)

// hashWait is how long a sign-in waits for its turn.
const hashWait = 10 * time.Second

func takeTurn(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case hashing <- struct{}{}:
		return func() { <-hashing }, nil
	case <-ctx.Done():
		return nil, errTooManySignIns
	}
}

// HashPassword returns the argon2id digest of a password, in PHC form. It does not judge the password.
func HashPassword(ctx context.Context, password string) (string, error) {
	done, err := takeTurn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(password, hashParams)
}

// nobody is the digest against which passwords of unknown accounts are checked, so that their refusal takes as long as
// that of a wrong password. No password fits: the key is all zero.
const nobody = "$argon2id$v=19$m=65536,t=3,p=2$eXV0dS1ub2JvZHktMDAwMA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// checkPassword reports whether the password fits the digest; the comparison takes the same time wherever they differ.
func checkPassword(ctx context.Context, password, digest string) (bool, error) {
	done, err := takeTurn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	return argon2id.ComparePasswordAndHash(password, digest)
}

// DemoPassword opens every account of the demonstration. It is shown to everybody who sees the demonstration, and those
// accounts have no effect without one.
const DemoPassword = "yutu-demo"

const (
	// minPassword is in characters. Length is what makes a password hard to guess.
	minPassword = 10
	// minKinds of different characters: "1111111111" is long and no password.
	minKinds = 5
	// maxPassword is in bytes; nobody types that much.
	maxPassword = 1000
)

// JudgePassword says what is wrong with a new password for the account; nil if nothing is.
func JudgePassword(name, password string) error {
	bad := func(zh, en string) error {
		return &pg.Error{Kind: pg.ErrInvalid, Text: geo.Text{ZH: zh, EN: en}}
	}
	kinds := map[rune]bool{}
	for _, r := range password {
		kinds[r] = true
	}
	switch {
	case !utf8.ValidString(password) || len(password) > maxPassword:
		return bad("密码过长", "the password is too long")
	case utf8.RuneCountInString(password) < minPassword:
		return bad("密码至少 10 个字符，可以是一句话", "a password has at least 10 characters; a sentence will do")
	case len(kinds) < minKinds:
		return bad("密码中不同的字符太少", "the password repeats the same few characters")
	case strings.Contains(strings.ToLower(password), name):
		return bad("密码不能包含账号名", "the password must not contain the account's name")
	}
	return nil
}

// passwordLetters leave out what is mistaken for something else on paper: 0 o 1 l i.
const passwordLetters = "abcdefghjkmnpqrstuvwxyz23456789"

// NewPassword makes a password that can be read out: four groups of four, 79 bits.
func NewPassword() string {
	var b strings.Builder
	var one [1]byte
	for n := 0; n < 16; {
		_, _ = rand.Read(one[:]) // never fails
		// Bytes beyond a multiple of the alphabet would make its first letters likelier.
		if int(one[0]) >= 256/len(passwordLetters)*len(passwordLetters) {
			continue
		}
		if n > 0 && n%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(passwordLetters[int(one[0])%len(passwordLetters)])
		n++
	}
	return b.String()
}

// NormalName is how an account's name is stored: without spaces around it, in lower case.
func NormalName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
