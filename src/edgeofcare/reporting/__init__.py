"""Reports for people: self-contained pages without anything personal."""
