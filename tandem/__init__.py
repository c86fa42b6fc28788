"""The pure part of Tandem: what is measured and decided, without I/O, models or servers."""
