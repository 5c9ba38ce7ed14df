package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"yutu/geo"
	"yutu/geo/division"
)

// The kinds of refusal; errors of this package wrap one of them where it applies.
var (
	// ErrUnavailable: the server does not answer, is shutting down or starting up, or broke the connection. The
	// same call may succeed later.
	ErrUnavailable = errors.New("the database is not available")
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyUndone: the import was taken back before.
	ErrAlreadyUndone = errors.New("the import was undone already")
	// ErrUndoBlocked: a later import or change builds on the import that shall be taken back; the text says which.
	ErrUndoBlocked = errors.New("later changes depend on the import")
	// ErrSyntheticOverReal: synthetic units shall be imported into a database that holds real ones.
	ErrSyntheticOverReal = errors.New("synthetic data over real data")
	// ErrOverlap: two versions of one code would be valid on the same day; the text names code and dates.
	ErrOverlap = errors.New("two versions of one code at the same date")
	// ErrInvalid: a value breaks a rule of the schema; the text names it.
	ErrInvalid = errors.New("invalid value")
	// ErrExists: there is an account with the name already; the text names it.
	ErrExists = errors.New("exists already")
	// ErrLastAdmin: nobody would be left to manage accounts.
	ErrLastAdmin = errors.New("the last administrator")
	// ErrRefused: what is asked for cannot be; the findings say why.
	ErrRefused = errors.New("the event cannot be recorded")
	// ErrUnsuitable: the server is too old, or lacks PostGIS, or holds a newer schema; the text says what to do.
	ErrUnsuitable = errors.New("the database server is not suitable")
)

// Error is a refusal that a person can act on.
type Error struct {
	// Kind is one of the Err… values of this package; errors.Is finds it.
	Kind error
	Text geo.Text
	// Events are the events that stand in the way, for ErrUndoBlocked.
	Events []int64
	// Refusals are the reasons for ErrRefused.
	Refusals []division.Refusal
	// Err is the cause, nil if there is none beyond the text.
	Err error
}

// Error returns the English sentence; Localized has both.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Text.EN + ": " + e.Err.Error()
	}
	return e.Text.EN
}

// Unwrap returns kind and cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Localized returns the sentence in both languages.
func (e *Error) Localized() geo.Text { return e.Text }

// translate gives errors of the driver their kind. Errors of the caller's own context stay as they are.
func translate(ctx context.Context, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	unavailable := func() error {
		return &Error{Kind: ErrUnavailable, Err: err, Text: geo.Text{
			ZH: "数据库暂时无法访问，请稍后再试",
			EN: "the database is not available at present, try again later",
		}}
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch {
		case pe.Code == "57014", // query_canceled: statement_timeout
			pe.Code == "57P01", pe.Code == "57P02", pe.Code == "57P03", pe.Code == "57P05", // shut down, starting up
			pe.Code == "25006",               // read-only: a standby, or in the middle of a failover
			pe.Code == "25P03",               // idle_in_transaction_session_timeout
			strings.HasPrefix(pe.Code, "08"), // connection
			strings.HasPrefix(pe.Code, "53"), // resources: connections, disk, memory
			strings.HasPrefix(pe.Code, "58"): // the server's own disk
			return unavailable()
		case strings.HasPrefix(pe.Code, "28"), pe.Code == "3D000":
			return &Error{Kind: ErrUnsuitable, Err: err, Text: geo.Text{
				ZH: "数据库拒绝连接：请核对地址中的用户、密码和数据库名",
				EN: "the server refuses the connection: check user, password and database in the URL",
			}}
		}
		return err
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) ||
		strings.HasSuffix(err.Error(), "conn closed") {
		return unavailable()
	}
	return err
}
