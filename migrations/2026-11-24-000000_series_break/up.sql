-- Whether the source says that a series breaks at this value (SDMX: OBS_STATUS B).
ALTER TABLE observations ADD COLUMN series_break BOOLEAN;
