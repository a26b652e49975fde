DROP INDEX observations_by_period_id;
