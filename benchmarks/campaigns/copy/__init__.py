"""Copy: invented offers, prices, and the pace of personalising."""
