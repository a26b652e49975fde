DROP TABLE erased_submissions;
DROP TABLE submissions;
