DROP INDEX grants_for_summary;
