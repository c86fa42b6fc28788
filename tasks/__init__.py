"""The side effects of Tandem: one module per outside system or step. Each loads, calls `tandem`, and saves."""
