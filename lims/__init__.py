"""The application of Chuan LIMS: a calibration laboratory information management system."""
