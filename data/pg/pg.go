// Package pg is the store: the only SQL of the program, one file per subject, each query beside its scan.
//
// Every write is one transaction that also appends to the tables change (what changed, for programs that follow)
// and audit (who did what, for people). Rows are appended to change while a lock is held that lives until the
// transaction has become visible: the order of change.seq is the order of commits, and who has read up to a seq
// has missed nothing. A notification on the channel yutu_change follows each commit; it is a wake-up, the log is
// the truth.
//
// A call while the server is away fails at once with an error that wraps ErrUnavailable; the next call tries again.
package pg

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yutu/geo"
)

// Store is the database. Safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
}

const (
	// maxConns is enough for a program whose reads are answered by the atlas.
	maxConns = 8
	// connectTimeout bounds the wait for a server that does not answer at all.
	connectTimeout = 10 * time.Second
	// readTimeout bounds each small query, on the server and here. Imports and the reading of everything are
	// bounded by their context alone.
	readTimeout = 30 * time.Second
)

// Open connects to the database that the URL or keyword/value string names. Its schema must be up to date (Migrate).
// Errors: ErrUnavailable if it does not answer, ErrUnsuitable if its schema is missing, older or newer.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, badURL(err)
	}
	settings(config.ConnConfig)
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	// A server that was restarted leaves dead connections behind. Asking costs tens of microseconds.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true }
	config.PingTimeout = connectTimeout
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, translate(ctx, err)
	}
	s := &Store{pool}
	if err := s.read(ctx, checkSchema); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// settings are what every connection of the program has, unless the URL says otherwise.
func settings(c *pgx.ConnConfig) {
	preset := func(name, value string) {
		if _, ok := c.RuntimeParams[name]; !ok {
			c.RuntimeParams[name] = value
		}
	}
	preset("application_name", "yutu")
	preset("timezone", "UTC")
	preset("statement_timeout", fmt.Sprint(readTimeout.Milliseconds()))
	// A transaction whose program has lost its network must not hold its locks for ever.
	preset("idle_in_transaction_session_timeout", fmt.Sprint((10 * time.Minute).Milliseconds()))
	// Nor must a statement run on, with its locks, for a program that was killed.
	preset("client_connection_check_interval", fmt.Sprint((5 * time.Second).Milliseconds()))
	if c.ConnectTimeout == 0 || c.ConnectTimeout > connectTimeout {
		c.ConnectTimeout = connectTimeout
	}
}

// Close waits for calls under way and closes all connections.
func (s *Store) Close() { s.pool.Close() }

// Ping asks the server for a sign of life; the error wraps ErrUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error { return conn.Ping(ctx) })
}

// read runs fn on a connection of the pool, within readTimeout.
func (s *Store) read(ctx context.Context, fn func(context.Context, *pgx.Conn) error) error {
	bounded, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, err := s.pool.Acquire(bounded)
	if err != nil {
		return translate(ctx, err)
	}
	defer conn.Release()
	return translate(ctx, fn(bounded, conn.Conn()))
}

// clean makes a text of the outside, such as the name of a file, one that the database takes.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// badURL does not repeat the URL: there may be a password in it.
func badURL(error) error {
	return &Error{Kind: ErrUnsuitable, Text: geo.Text{
		ZH: "数据库地址无法识别。请写作 postgres://用户@主机：5432/数据库",
		EN: "the database URL cannot be read: write postgres://USER@HOST:5432/DATABASE",
	}}
}
