-- What an indicator counts a part of, and what that is divided by: ids and words with a space between.
ALTER TABLE indicators ADD COLUMN part_of TEXT;
ALTER TABLE indicators ADD COLUMN part_by TEXT;
-- The lines that are summed have two members more.
UPDATE collections SET digest = NULL WHERE collection = 'indicators';
