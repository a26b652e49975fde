# read.csv, and rjstat where it is installed, must find the same values as there are in the CSV read as text.
base <- paste0(commandArgs(trailingOnly = TRUE)[1], "/v1/observations?indicator=population,overdose-deaths&period_from=2016&period_to=2021")
t <- read.csv(paste0(base, "&format=csv"), colClasses = c(region_code = "character", period = "character"))
raw <- read.csv(paste0(base, "&format=csv"), colClasses = "character")
stopifnot(nrow(t) > 2000, is.numeric(t$value), all(t$region_code == raw$region_code))
excel <- read.csv2(paste0(base, "&format=csv&dialect=excel"), fileEncoding = "UTF-8-BOM", colClasses = c(region_code = "character"))
stopifnot(identical(as.numeric(t$value), as.numeric(excel$value)))
cat("R, read.csv and read.csv2:", nrow(t), "values\n")
if (requireNamespace("rjstat", quietly = TRUE)) {
    cube <- rjstat::fromJSONstat(readLines(url(paste0(base, "&format=json-stat2")), warn = FALSE), naming = "id")
    both <- merge(t, cube, by = c("indicator", "region", "period"))
    stopifnot(nrow(both) == nrow(t), isTRUE(all.equal(both$value.x, both$value.y)))
    cat("R, rjstat:", nrow(both), "values\n")
} else {
    cat("R, rjstat: skipped, it is not installed\n")
}
