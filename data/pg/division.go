package pg

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/division"
)

// subjectDivision is the name of the table in change and audit.
const subjectDivision = "division"

// selectDivision is the beginning of every query that scanDivision reads. Days are counted from 1970-01-01; NULL is
// an open end.
const selectDivision = `SELECT id, code, level, type, name, COALESCE(parent, ''),
	lower(valid) - date '1970-01-01', upper(valid) - date '1970-01-01',
	secrecy, source, synthetic, crs_original, geom::bytea, label::bytea FROM division `

// orderDivision puts units above before units below, then by code, then by time; an index has this order.
const orderDivision = ` ORDER BY level, code, lower(valid) NULLS FIRST`

func scanDivision(rows pgx.Rows) (u division.Unit, err error) {
	var secrecy string
	var from, to *int32
	err = rows.Scan(&u.ID, (*string)(&u.Code), (*uint8)(&u.Level), &u.Type, &u.Name, (*string)(&u.Parent), &from, &to,
		&secrecy, &u.Source, &u.Synthetic, &u.CRSOriginal, (*multiPolygon)(&u.Geom), (*labelPoint)(&u.Label))
	if err != nil {
		return u, fmt.Errorf("division %d %s: %w", u.ID, u.Code, err)
	}
	u.Valid = rangeOf(from, to)
	u.Secrecy, _ = division.ParseSecrecy(secrecy)
	return u, nil
}

// selectPresent is the beginning of the queries that collectPresent reads, from division or division_past.
const selectPresent = `SELECT id, code, COALESCE(parent, ''), lower(valid) - date '1970-01-01', upper(valid) - date '1970-01-01',
	hash, synthetic FROM `

// presentDivisions returns all rows without their geometry. Tens of thousands take tens of milliseconds, and
// deciding here does not depend on what the server believes about its tables.
func presentDivisions(ctx context.Context, q querier) ([]present, error) {
	return collectPresent(q.Query(ctx, selectPresent+`division`))
}

func collectPresent(rows pgx.Rows, err error) ([]present, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p present, err error) {
		var from, to *int32
		var hash pgtype.DriverBytes
		err = row.Scan(&p.id, (*string)(&p.code), (*string)(&p.parent), &from, &to, &hash, &p.synthetic)
		p.valid = rangeOf(from, to)
		copy(p.hash[:], hash)
		return p, err
	})
}

func rangeOf(from, to *int32) division.Range {
	r := division.Always
	if from != nil {
		r.From = division.Date(*from)
	}
	if to != nil {
		r.To = division.Date(*to)
	}
	return r
}

// dateRange is a Range as the driver takes it.
func dateRange(r division.Range) pgtype.Range[pgtype.Date] {
	out := pgtype.Range[pgtype.Date]{LowerType: pgtype.Unbounded, UpperType: pgtype.Unbounded, Valid: true}
	if r.From != division.Past {
		out.Lower, out.LowerType = date(r.From), pgtype.Inclusive
	}
	if r.To != division.Future {
		out.Upper, out.UpperType = date(r.To), pgtype.Exclusive
	}
	return out
}

func date(d division.Date) pgtype.Date { return pgtype.Date{Time: d.Time(), Valid: true} }

// EachDivision calls fn for every unit, units above before units below, then by code and time, and returns the
// place in the log to which exactly these units belong: all rows come from one snapshot of the database. An error
// of fn ends it and is returned as it is. Memory does not grow with the number of units.
func (s *Store) EachDivision(ctx context.Context, fn func(division.Unit) error) (seq int64, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return 0, translate(ctx, err)
	}
	defer conn.Release()
	var own error
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
		// A sort would carry every geometry along; the index has the order already.
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL enable_sort = off`); err != nil {
			return err
		}
		if seq, err = lastSeq(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectDivision+orderDivision)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			u, err := scanDivision(rows)
			if err != nil {
				return err
			}
			if own = fn(u); own != nil {
				return own
			}
		}
		return rows.Err()
	})
	if own != nil {
		return 0, own
	}
	if err != nil {
		return 0, translate(ctx, err)
	}
	return seq, nil
}

// DivisionsByID returns the units that exist among the ids, in the order of EachDivision.
func (s *Store) DivisionsByID(ctx context.Context, ids []int64) (units []division.Unit, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		units, err = divisionsByID(ctx, conn, ids)
		return err
	})
	return units, err
}

func divisionsByID(ctx context.Context, q querier, ids []int64) ([]division.Unit, error) {
	rows, err := q.Query(ctx, selectDivision+`WHERE id = ANY ($1)`+orderDivision, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (division.Unit, error) { return scanDivision(rows) })
}

// DivisionCount returns how many rows there are, all versions counted, and how many of them are synthetic.
func (s *Store) DivisionCount(ctx context.Context) (total, synthetic int, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE synthetic) FROM division`).Scan(&total, &synthetic)
	})
	return total, synthetic, err
}

// PutDivision inserts a unit (ID 0) or replaces the row with its ID, in a transaction of its own. It returns the
// place in the log from which on the unit is what u says; if it was that already, nothing is written.
// Errors: ErrNotFound, ErrInvalid, ErrOverlap, ErrSyntheticOverReal, ErrUnavailable.
func (s *Store) PutDivision(ctx context.Context, actor string, u division.Unit) (seq int64, err error) {
	return s.InTx(ctx, actor, func(tx *Tx) error {
		_, err := tx.PutDivision(ctx, u)
		return err
	})
}

// PutDivision is Store.PutDivision within a transaction; it returns the id of the row. Synthetic and real units
// never stand side by side, so that one kind over the other is ErrSyntheticOverReal, whichever comes first.
func (t *Tx) PutDivision(ctx context.Context, u division.Unit) (id int64, err error) {
	if err := validate(&u); err != nil {
		return 0, err
	}
	if err := t.lockForDivisions(ctx); err != nil {
		return 0, err
	}
	hash := u.Hash()
	var before []byte
	if u.ID != 0 {
		err := t.tx.QueryRow(ctx, `SELECT hash FROM division WHERE id = $1`, u.ID).Scan(&before)
		if err == pgx.ErrNoRows {
			return 0, &Error{Kind: ErrNotFound, Text: geo.Text{
				ZH: fmt.Sprintf("没有编号为 %d 的区划记录", u.ID),
				EN: fmt.Sprintf("there is no division with the id %d", u.ID),
			}}
		}
		if err != nil {
			return 0, err
		}
		if bytes.Equal(before, hash[:]) {
			return u.ID, nil
		}
	}
	if err := t.checkPut(ctx, &u); err != nil {
		return 0, err
	}
	if u.ID == 0 {
		ids, err := t.newDivisionIDs(ctx, 1)
		if err != nil {
			return 0, err
		}
		u.ID = ids[0]
	} else if err := t.archive(ctx, []int64{u.ID}, "replaced", nil); err != nil {
		return 0, err
	}
	if err := t.copyDivisions(ctx, []write{{unit: u, hash: hash}}, nil, nil); err != nil {
		return 0, err
	}
	t.changes = append(t.changes, change{subjectDivision, u.ID, before, hash[:]})
	return u.ID, t.audit(ctx, "put", subjectDivision, u.ID, map[string]any{"code": u.Code, "name": u.Name})
}

// checkPut refuses what the row must not become beside the others.
func (t *Tx) checkPut(ctx context.Context, u *division.Unit) error {
	var from, to *int32
	err := t.tx.QueryRow(ctx, `SELECT lower(valid) - date '1970-01-01', upper(valid) - date '1970-01-01'
		FROM division WHERE code = $1 AND valid && $2 AND id <> $3 LIMIT 1`, string(u.Code), dateRange(u.Valid), u.ID).Scan(&from, &to)
	if err == nil {
		return overlapError(u.Code, u.Valid, rangeOf(from, to))
	}
	if err != pgx.ErrNoRows {
		return err
	}
	var mixed bool
	err = t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM division WHERE synthetic = $1 AND id <> $2)`, !u.Synthetic, u.ID).Scan(&mixed)
	if err != nil {
		return err
	}
	if mixed {
		return mixedError()
	}
	return nil
}

func mixedError() error {
	return &Error{Kind: ErrSyntheticOverReal, Text: geo.Text{
		ZH: "合成数据不得与真实数据并存：数据库中已有另一种数据",
		EN: "synthetic and real divisions must not stand side by side, and the database holds the other kind",
	}}
}

// earliest and latest bound the dates on record to years of four digits: 0001-01-01 and 9999-12-31.
var (
	earliest = division.DateOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))
	latest   = division.DateOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
)

// validate checks what the schema, the EWKB and PostGIS demand, so that the refusal can name unit and value. It does
// not judge geometry beyond that: geo/topo/valid does, before anything is sent here.
func validate(u *division.Unit) error {
	bad := func(zh, en string, args ...any) error {
		return &Error{Kind: ErrInvalid, Text: geo.Text{
			ZH: fmt.Sprintf("区划 %q %q："+zh, append([]any{u.Code, u.Name}, args...)...),
			EN: fmt.Sprintf("division %q %q: "+en, append([]any{u.Code, u.Name}, args...)...),
		}}
	}
	if !twelveDigits(u.Code) {
		return bad("代码必须是 12 位数字", "the code must have 12 digits")
	}
	if u.Parent != "" && !twelveDigits(u.Parent) {
		return bad("上级代码 %q 必须是 12 位数字或为空", "the parent %q must have 12 digits or be empty", u.Parent)
	}
	if u.Level < division.Province || u.Level > division.Village {
		return bad("级别 %d 不在 1 至 5 之间", "level %d is not between 1 and 5", u.Level)
	}
	if u.Secrecy > division.Public {
		return bad("密级 %d 未知", "unknown secrecy %d", u.Secrecy)
	}
	if u.Name == "" {
		return bad("缺少名称", "the name is missing")
	}
	for _, s := range [...]string{u.Name, u.Type, u.Source, u.CRSOriginal} {
		if !utf8.ValidString(s) || bytes.IndexByte([]byte(s), 0) >= 0 {
			return bad("文本 %q 不是有效的 UTF-8", "the text %q is not valid UTF-8", s)
		}
	}
	for _, d := range [...]division.Date{u.Valid.From, u.Valid.To} {
		if d != division.Past && d != division.Future && (d < earliest || d > latest) {
			return bad("日期超出公元 1 年至 9999 年（距 1970-01-01 %d 天）", "a date is not in the years 1 to 9999 (day %d since 1970-01-01)", d)
		}
	}
	if u.Valid.Empty() {
		return bad("有效期 %s 为空", "the range of validity %s is empty", show(u.Valid))
	}
	if len(u.Geom) == 0 {
		return bad("没有范围", "there is no area")
	}
	for _, poly := range u.Geom {
		if len(poly) == 0 {
			return bad("有一个面没有边界环", "a polygon has no ring")
		}
		for _, ring := range poly {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return bad("有一个环未闭合或少于 4 个点", "a ring is not closed or has fewer than 4 points")
			}
			for _, p := range ring {
				if !onEarth(p) {
					return bad("坐标 %v 不是经纬度", "the position %v is not longitude and latitude", p)
				}
			}
		}
	}
	if !onEarth(u.Label) {
		return bad("标注点 %v 不是经纬度", "the label position %v is not longitude and latitude", u.Label)
	}
	return nil
}

func twelveDigits(c division.Code) bool {
	for i := range len(c) {
		if c[i] < '0' || c[i] > '9' {
			return false
		}
	}
	return len(c) == 12
}

func onEarth(p orb.Point) bool { return math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90 }

// show writes a range for people: [2019-01-01, …).
func show(r division.Range) string {
	end := func(d division.Date) string {
		if s := d.String(); s != "" {
			return s
		}
		return "…"
	}
	return "[" + end(r.From) + ", " + end(r.To) + ")"
}
