-- All that a summary of grants by county and period reads, in the order in which it groups: 60,000 grants are summed up from
-- an index a quarter the size of the table, and without sorting.
CREATE INDEX grants_for_summary ON grants (county, period, stage, level, amount_nok, revision, ended);
