DROP TABLE collections;
DROP TABLE changes;
DROP TABLE revisions;
DROP TABLE dataset;
