-- The values of one period, of whatever indicator: in the order of a list without one, so that a page needs no more of them
-- than it shows.
CREATE INDEX observations_by_period_id ON observations (period, id);
