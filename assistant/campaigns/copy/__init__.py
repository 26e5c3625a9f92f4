"""Copy is compiled: typed slots are filled from data, and free text may promise nothing."""
