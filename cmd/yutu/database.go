package main

import (
	"context"
	"errors"
	"time"

	"yutu/data/cluster"
	"yutu/data/pg"
	"yutu/geo"
)

// database is an open store together with the private server it runs on, if this program runs one.
type database struct {
	*pg.Store
	cluster *cluster.Cluster
}

// Close closes the store and stops the private server.
func (d *database) Close() error {
	d.Store.Close()
	if d.cluster != nil {
		return d.cluster.Stop()
	}
	return nil
}

// openReplica opens the database that the settings name for reading alone: it may be a standby, on which nothing can be
// written and no notification arrives, and its schema is the business of the main node.
func (a *app) openReplica() (*database, error) {
	store, err := pg.Open(a.ctx, a.Database)
	if err != nil {
		return nil, err
	}
	return &database{store, nil}, nil
}

// openDatabase opens the database that the settings name, its schema up to date: a server of the user's own,
// the private server of a program that runs already, or a private server started for this command alone.
// With exclusive set, a running program is a reason to refuse.
func (a *app) openDatabase(exclusive bool) (*database, error) {
	url := a.Database
	var own *cluster.Cluster
	if url == "" {
		var err error
		own, err = cluster.Start(a.ctx, cluster.Options{Home: a.Home, Log: a.log, Progress: func(t geo.Text) { a.tell(t.ZH, t.EN) }})
		switch {
		case err == nil:
			url = own.URL()
		case errors.Is(err, cluster.ErrInUse) && !exclusive:
			ctx, cancel := context.WithTimeout(a.ctx, 30*time.Second)
			defer cancel()
			if url, err = cluster.Attach(ctx, a.Home); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
	store, err := func() (*pg.Store, error) {
		if err := pg.Migrate(a.ctx, url); err != nil {
			return nil, err
		}
		return pg.Open(a.ctx, url)
	}()
	if err != nil {
		if own != nil {
			err = errors.Join(err, own.Stop())
		}
		return nil, err
	}
	return &database{store, own}, nil
}
