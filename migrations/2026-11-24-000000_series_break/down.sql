ALTER TABLE observations DROP COLUMN series_break;
