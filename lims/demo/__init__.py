"""The demonstration laboratory: invented people, customers and serial numbers, published measurements."""
