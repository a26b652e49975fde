-- The digest of the current rows of each collection, see db/digest.rs. Null until the program that made this column has
-- read them, which it does when it opens the database.
ALTER TABLE collections ADD COLUMN digest TEXT;
