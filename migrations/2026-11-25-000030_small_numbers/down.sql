DROP TABLE unsuppressed_reads;
DROP TABLE withheld_writes;
DROP TABLE withheld;
ALTER TABLE dataset DROP COLUMN redacted;
ALTER TABLE indicators DROP COLUMN rate_of;
ALTER TABLE indicators DROP COLUMN zero_hidden;
ALTER TABLE indicators DROP COLUMN threshold;
