ALTER TABLE collections DROP COLUMN digest;
