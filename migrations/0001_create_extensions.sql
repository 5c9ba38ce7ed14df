-- +goose Up
-- PostGIS holds the ground; btree_gist lets one exclusion constraint speak of a code and of a range of dates.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
