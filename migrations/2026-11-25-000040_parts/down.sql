UPDATE collections SET digest = NULL WHERE collection = 'indicators';
ALTER TABLE indicators DROP COLUMN part_by;
ALTER TABLE indicators DROP COLUMN part_of;
