"""The gate: proves that a package's tests tell right answers from wrong ones. Plain Python over the judge."""
